globalThis.gc?.();
console.log(JSON.stringify({ heapMB: process.memoryUsage().heapUsed / 2 ** 20 }));
