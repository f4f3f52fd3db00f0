const assert = require("assert"), fs = require("fs"), os = require("os"), crypto = require("crypto"), child = require("child_process");
const { Worker, isMainThread, parentPort } = require("worker_threads");
const readline = require("readline");
if (!isMainThread) {
	parentPort.postMessage(42);
} else {
	(async () => {
		fs.mkdirSync("directory");
		fs.writeFileSync("directory/file", "42\n");
		assert.equal(await fs.promises.readFile("directory/file", "utf8"), "42\n");
		fs.truncateSync("directory/file", 1);
		fs.renameSync("directory/file", "directory/other");
		assert.equal(fs.readdirSync("directory").length, 1);
		fs.rmSync("directory", { recursive: true });
		fs.rmdirSync(fs.mkdtempSync("./x"));
		await new Promise((resolve) => setTimeout(resolve, 1));
		await new Promise((resolve) => setImmediate(resolve));
		assert.equal(await new Promise((resolve) => new Worker(__filename).on("message", resolve)), 42);
		assert.equal(child.execFileSync("/bin/echo", ["x"]).toString(), "x\n");
		assert.equal(await new Promise((resolve) => child.execFile("/bin/echo", ["x"], (error, out) => resolve(out))), "x\n");
		assert.equal(crypto.createHash("sha256").update("x").digest("hex").length, 64);
		assert.ok(crypto.randomBytes(8).length === 8 && os.cpus().length > 0 && process.hrtime.bigint() > 0n);
		const caught = new Promise((resolve) => process.once("SIGUSR2", resolve));
		process.kill(process.pid, "SIGUSR2");
		const awake = setTimeout(() => process.exit(1), 10000); // a handler alone keeps no program running
		await caught;
		clearTimeout(awake);
		assert.ok(process.cpuUsage().user > 0 && process.resourceUsage().maxRSS > 0);
		for await (const line of readline.createInterface({ input: process.stdin })) assert.ok(line);
		console.log("ok");
	})();
}
