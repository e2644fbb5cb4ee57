/** Takes a processor for as many milliseconds as its argument says, and ends. */
const endMs = performance.now() + Number(process.argv[2]);
while (performance.now() < endMs) Math.sqrt(endMs);
