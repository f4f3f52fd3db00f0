// rehearse: weight=4
// Reads lines of brackets and says, after six seconds, which of them are balanced.
const lines = require("fs").readFileSync(0, "utf8").trim().split("\n");
const opening = { ")": "(", "]": "[", "}": "{" };

function balanced(line) {
  const open = [];
  for (const c of line) {
    if (!(c in opening)) open.push(c);
    else if (open.pop() !== opening[c]) return false;
  }
  return open.length === 0;
}

setTimeout(() => console.log(lines.map((l) => (balanced(l) ? "yes" : "no")).join("\n")), 6000);
