#include <bits/stdc++.h>
int main() {
	std::vector<std::string> all;
	for (;;) all.push_back(std::string(1 << 20, 'x'));
}
