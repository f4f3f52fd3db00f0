use std::io::BufRead;

fn main() {
    let sum: i64 = std::io::stdin().lock().lines().map(|l| l.unwrap().parse::<i64>().unwrap()).sum();
    println!("{}", sum);
}
