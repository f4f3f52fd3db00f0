fn main() {
    let s: String = 1;
}
