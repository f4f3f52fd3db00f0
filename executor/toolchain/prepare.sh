#!/bin/sh
# Creates what the compilers of the language table load instead of computing it for each
# submission: bits/stdc++.h, precompiled for each C++ standard, and the archive of javac's own
# classes. The flags are those of the table; a compiler with other flags, or a newer compiler,
# ignores the files. Run it once for a machine or an image, and again after an upgrade of the
# compilers.
#
#   prepare.sh          create what is missing or out of date
#   prepare.sh check    exit with 0 if everything is up to date
set -eu

to=/usr/local/lib/executor
header=$(echo '#include <bits/stdc++.h>' | /usr/bin/g++ -x c++ -E -H - 2>&1 >/dev/null | sed -n '1s/^[.!] //p')
jdk=$(dirname "$(dirname "$(readlink -f /usr/bin/javac)")")
made_by=$(cksum <"$0"; stat -L -c '%n %s %Y' "$(/usr/bin/g++ -print-prog-name=cc1plus)" "$header" \
  "$jdk/lib/modules" "$jdk/lib/server/libjvm.so")

[ "$(cat "$to/made-by" 2>/dev/null)" != "$made_by" ] || exit 0
[ "${1:-}" != check ] || exit 1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$to"
rm -f "$to/made-by"
for standard in gnu++17 gnu++20; do
  mkdir -p "$to/$standard/bits"
  /usr/bin/g++ -std=$standard -O2 -x c++-header "$header" -o "$to/$standard/bits/stdc++.h.gch.new"
  mv "$to/$standard/bits/stdc++.h.gch.new" "$to/$standard/bits/stdc++.h.gch"
done

cat >"$work/Main.java" <<'EOF'
import java.io.*;
import java.util.*;
import java.util.stream.*;

public class Main {
	record Pair(int a, int b) {}

	public static void main(String[] args) throws IOException {
		BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
		Map<String, List<Integer>> seen = new TreeMap<>();
		for (String line; (line = in.readLine()) != null; ) seen.computeIfAbsent(line, k -> new ArrayList<>()).add(1);
		var sum = seen.values().stream().map(List::size).collect(Collectors.summingInt(n -> n));
		System.out.println("lines: " + sum + new Pair(1, 2));
	}
}
EOF
/usr/bin/javac -J-XX:ArchiveClassesAtExit="$to/javac.jsa.new" -J-Xmx512m -J-XX:+UseSerialGC -J-XX:TieredStopAtLevel=1 \
  -J-XX:-UsePerfData -J-Xshare:auto -J-Xlog:disable -proc:none -encoding UTF-8 -d "$work" "$work/Main.java"
mv "$to/javac.jsa.new" "$to/javac.jsa"

echo "$made_by" >"$work/made-by"
mv "$work/made-by" "$to/made-by"
chmod -R a+rX "$to"
