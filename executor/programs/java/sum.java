public class Main {
  public static void main(String[] args) {
    var in = new java.util.Scanner(System.in);
    System.out.println(in.nextInt() + in.nextInt());
  }
}
