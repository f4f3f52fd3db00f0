const kept = [];
for (;;) kept.push(new Array(1 << 17).fill(1.5));
