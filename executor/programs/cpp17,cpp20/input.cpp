#include <bits/stdc++.h>
int main() {
	std::ios::sync_with_stdio(false);
	long long sum = 0, n;
	while (std::cin >> n) sum += n;
	std::cout << sum << "\n";
}
