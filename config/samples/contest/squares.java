// rehearse: weight=0
// Weight 0: compiling Java takes a second of a core. Raise it where there are cores to spare.
public class Main {
    public static void main(String[] args) throws InterruptedException {
        Thread.sleep(6000);
        long sum = 0;
        for (int n = 1; n <= 1000; n++) {
            sum += (long) n * n;
        }
        System.out.println(sum);
    }
}
