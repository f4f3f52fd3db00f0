const text = require("fs").readFileSync(0, "utf8");
let sum = 0;
for (const line of text.split("\n")) sum += Number(line);
console.log(String(sum));
