// One line in: {"store": "mem"|"file", "folder": path, "op": name, "rows": n}. One line out: microseconds of each step.
import { DatabaseSync } from 'node:sqlite';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

const stores = new Map();

function open(store, folder) {
  const database = (name) => {
    const opened = new DatabaseSync(store === 'mem' ? ':memory:' : join(folder, `rival-${name}.db`));
    opened.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    opened.exec('CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT, value REAL)');
    return {
      database: opened,
      insert: opened.prepare('INSERT INTO users VALUES (?, ?, ?)'),
      update: opened.prepare('UPDATE users SET value = ? WHERE id = ?'),
      remove: opened.prepare('DELETE FROM users WHERE id = ?'),
    };
  };
  return { source: database('source'), target: database('target'), plain: database('plain') };
}

function fill(side, rows) {
  side.database.exec('BEGIN; DELETE FROM users');
  for (let id = 0; id < rows; id++) side.insert.run(id, `user-${id}`, id * 0.5);
  side.database.exec('COMMIT');
}

function work(side, op, rows) {
  side.database.exec('BEGIN');
  const part = Math.floor(rows / 3);
  switch (op) {
    case 'insert': for (let id = 0; id < rows; id++) side.insert.run(id, `user-${id}`, id * 0.5); break;
    case 'update': for (let id = 0; id < rows; id++) side.update.run(id * 0.25 + 1, id); break;
    case 'delete': for (let id = 0; id < rows; id++) side.remove.run(id); break;
    case 'mixed':
      for (let id = 0; id < part; id++) side.insert.run(rows + id, `user-${rows + id}`, id * 0.5);
      for (let id = 0; id < part; id++) side.update.run(id * 0.25 + 1, id);
      for (let id = part; id < 2 * part; id++) side.remove.run(id);
  }
  side.database.exec('COMMIT');
}

function timed(action) {
  const start = process.hrtime.bigint();
  const result = action();
  return [Number(process.hrtime.bigint() - start) / 1000, result];
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const { store, folder, op, rows } = JSON.parse(line);
  if (!stores.has(store)) stores.set(store, open(store, folder));
  const { source, target, plain } = stores.get(store);
  const before = op === 'insert' ? 0 : rows;
  for (const side of [source, target, plain]) fill(side, before);
  const [untracked] = timed(() => work(plain, op, rows));
  const [create, session] = timed(() => source.database.createSession({ table: 'users' }));
  const [tracked] = timed(() => work(source, op, rows));
  const [changeset, bytes] = timed(() => session.changeset());
  const [patchset] = timed(() => session.patchset());
  session.close();
  const [apply] = timed(() => target.database.applyChangeset(bytes));
  console.log([untracked, create, tracked, changeset, patchset, apply, bytes.length].join(' '));
});
