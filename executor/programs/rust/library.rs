use std::collections::HashMap;
use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::{mpsc, Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

fn main() {
    let (sender, receiver) = mpsc::channel();
    let threads: Vec<_> = (0..4)
        .map(|i| {
            let sender = sender.clone();
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(1));
                sender.send(i).unwrap();
            })
        })
        .collect();
    for t in threads {
        t.join().unwrap();
    }
    drop(sender);
    assert_eq!(receiver.iter().sum::<i32>(), 6);
    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let other = pair.clone();
    let t = thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(move || {
            *other.0.lock().unwrap() = true;
            other.1.notify_one();
        })
        .unwrap();
    let mut done = pair.0.lock().unwrap();
    while !*done {
        done = pair.1.wait(done).unwrap();
    }
    drop(done);
    t.join().unwrap();

    fs::create_dir("directory").unwrap();
    let mut file = fs::OpenOptions::new().read(true).write(true).create(true).open("directory/file").unwrap();
    file.write_all(b"42\n").unwrap();
    file.sync_all().unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "42\n");
    file.set_len(1).unwrap();
    fs::rename("directory/file", "directory/other").unwrap();
    assert_eq!(fs::read_dir("directory").unwrap().count(), 1);
    fs::remove_dir_all("directory").unwrap();

    let mut map = HashMap::new();
    map.insert(1, vec![0u8; 64 << 20]);
    assert!(Instant::now().elapsed() < Duration::from_secs(10) && SystemTime::now() > SystemTime::UNIX_EPOCH);
    assert!(std::panic::catch_unwind(|| panic!("caught")).is_err());
    println!("ok");
}
