// Runs unmodified clients of libSQL against a server, and prints one line of JSON for each check.
//
//   node run.mjs --http http://host:port/db/NAME/ --ws ws://host:port/db/NAME/ [--only WORD] [--skip WORD]... [--idle MILLISECONDS]
//
// --only runs the checks whose names hold a word, --skip leaves out those that do. --idle is a time after which streams over HTTP have expired; without it what
// happens then is not checked. The exit code is 1 if a check failed.
import { parseArgs } from 'node:util';
import { checks as libsqlClient } from './libsql-client.mjs';
import { checks as mappers } from './mappers.mjs';
import { checks as serverless } from './serverless.mjs';
import { checks as stateless } from './stateless.mjs';

const { values: options } = parseArgs({
  options: {
    http: { type: 'string' },
    ws: { type: 'string' },
    only: { type: 'string', default: '' },
    skip: { type: 'string', multiple: true, default: [] },
    idle: { type: 'string' },
  },
});
const target = { http: options.http, ws: options.ws, idleMillis: options.idle ? Number(options.idle) : null };
const all = [
  ...libsqlClient('http', target.http),
  ...libsqlClient('ws', target.ws),
  ...mappers(target),
  ...serverless(target),
  ...stateless(target),
];

const chosen = all.filter(({ name }) => name.includes(options.only) && !options.skip.some((word) => name.includes(word)));
let failures = 0;
for (const { name, run } of chosen) {
  const started = performance.now();
  let problem = null;
  let timer;
  try {
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error('no end after 60 s')), 60_000);
    });
    await Promise.race([run(), late]);
  } catch (error) {
    problem = `${error.code ?? error.name}: ${error.message}\n${error.stack}`;
    failures++;
  } finally {
    clearTimeout(timer);
  }
  console.log(JSON.stringify({ check: name, ok: problem === null, millis: Math.round(performance.now() - started), problem }));
}
console.log(JSON.stringify({ passed: chosen.length - failures, failed: failures }));
process.exit(failures === 0 ? 0 : 1);
