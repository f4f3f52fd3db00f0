#include <bits/stdc++.h>
#include <unistd.h>
static void check(bool ok, const char *what) {
	if (!ok) { std::cerr << what << "\n"; std::exit(1); }
}
int main() {
	std::vector<std::future<int>> results;
	for (int i = 0; i < 4; i++) results.push_back(std::async(std::launch::async, [i] {
		std::this_thread::sleep_for(std::chrono::milliseconds(1));
		return i;
	}));
	int sum = 0;
	for (auto &r : results) sum += r.get();
	check(sum == 6, "threads");
	std::mutex lock;
	std::condition_variable ready;
	bool done = false;
	std::thread other([&] { std::lock_guard<std::mutex> held(lock); done = true; ready.notify_all(); });
	{
		std::unique_lock<std::mutex> held(lock);
		check(ready.wait_for(held, std::chrono::seconds(10), [&] { return done; }), "condition");
	}
	other.join();
	std::filesystem::create_directory("directory");
	{ std::ofstream("directory/file") << 42 << std::endl; }
	int n = 0;
	std::ifstream("directory/file") >> n;
	check(n == 42, "file");
	std::filesystem::rename("directory/file", "directory/other");
	check(std::distance(std::filesystem::directory_iterator("directory"), {}) == 1, "list");
	check(std::filesystem::remove_all("directory") == 2, "remove");
	std::random_device seed;
	std::mt19937_64 random(seed() ^ std::chrono::steady_clock::now().time_since_epoch().count());
	std::vector<unsigned long> v(1 << 20);
	for (auto &x : v) x = random();
	std::sort(v.begin(), v.end());
	check(std::is_sorted(v.begin(), v.end()) && clock() >= 0 && getpid() > 0, "sort");
	try { throw std::runtime_error("x"); } catch (const std::exception &) { std::puts("ok"); }
}
