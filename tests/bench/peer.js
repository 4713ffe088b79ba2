// Prints the median ms of ONNX Runtime on the CPU: node peer.js MODEL.onnx WIDTHxHEIGHT
// THREADS: how many (2). PROFILE: the time of every node goes to the file PROFILE_*.json.
const ort = require('onnxruntime-node');

const [model, size] = process.argv.slice(2);
const [width, height] = size.split('x').map(Number);
const threads = Number(process.env.THREADS || 2);
const warmUp = 2;
const frames = 10;

async function main() {
  const session = await ort.InferenceSession.create(model, {
    intraOpNumThreads: threads, interOpNumThreads: 1, graphOptimizationLevel: 'all',
    ...(process.env.PROFILE &&
        {enableProfiling: true, profileFilePrefix: process.env.PROFILE}),
  });
  const samples = new Float32Array(3 * width * height);
  for (let i = 0; i < samples.length; ++i) samples[i] = (i * 7919 % 256);
  const feeds = {};
  for (const name of session.inputNames) {
    feeds[name] = new ort.Tensor('float32', samples, [1, 3, height, width]);
  }
  if (session.inputNames.includes('style')) {
    feeds.style = await styleTensor(session, feeds);
  }
  const times = [];
  for (let i = 0; i < warmUp + frames; ++i) {
    const start = process.hrtime.bigint();
    await session.run(feeds);
    if (i >= warmUp) times.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  if (process.env.PROFILE) session.endProfiling();
  times.sort((a, b) => a - b);
  console.log((times[frames / 2 - 1] + times[frames / 2]) / 2);
}

// The runtime does not say how many styles there are: its refusal of one does.
async function styleTensor(session, feeds) {
  for (let count = 1; count <= 256; ++count) {
    const weights = new Float32Array(count);
    weights[count > 1 ? 1 : 0] = 1;
    const tensor = new ort.Tensor('float32', weights, [1, count]);
    try {
      await session.run({...feeds, style: tensor});
      return tensor;
    } catch (error) {
      if (count === 256) throw error;
    }
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
