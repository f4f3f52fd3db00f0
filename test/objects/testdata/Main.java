import java.util.HashMap;

public class Main {
    public static void main(String[] args) {
        HashMap<Integer, Integer> counts = new HashMap<>();
        int x = 1;
        for (int i = 0; i < 300000; i++) {
            x = x * 1664525 + 1013904223;
            counts.merge(x >>> 20, 1, Integer::sum);
        }
        System.out.println(counts.size() + " " + x);
    }
}
