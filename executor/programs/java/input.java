import java.io.*;

public class Main {
	public static void main(String[] args) throws IOException {
		BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
		long sum = 0;
		for (String line; (line = in.readLine()) != null; ) sum += Long.parseLong(line);
		System.out.println(sum);
	}
}
