#include <bits/stdc++.h>
using namespace std;
int main() {
	int n;
	cin >> n;
	vector<long long> a(n);
	for (auto &x : a) cin >> x;
	sort(a.begin(), a.end());
	map<long long, int> seen;
	for (auto x : a) seen[x]++;
	long long sum = 0;
	for (auto &[value, times] : seen) sum += value * times;
	cout << sum << "\n";
}
