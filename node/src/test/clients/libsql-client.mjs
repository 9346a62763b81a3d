// @libsql/client, over HTTP or WebSocket: what its users do, and what they see when it fails.
import assert from 'node:assert/strict';
import { createClient } from '@libsql/client';

/** The checks, each on a client of its own and tables with names of their own. */
export function checks(transport, url) {
  const list = [];
  const check = (name, body) =>
    list.push({
      name: `@libsql/client ${transport}: ${name}`,
      run: async () => {
        const client = createClient({ url });
        try {
          await body(client);
        } finally {
          client.close();
        }
      },
    });
  const table = (name) => `${transport}_${name}`;

  const values = (row) => Array.from({ length: row.length }, (_, i) => row[i]);

  async function fresh(client, name, columns) {
    const full = table(name);
    await client.execute(`DROP TABLE IF EXISTS ${full}`);
    await client.execute(`CREATE TABLE ${full} (${columns})`);
    return full;
  }

  async function failure(promise) {
    try {
      await promise;
    } catch (error) {
      return error;
    }
    return assert.fail('it should have failed');
  }

  check('values of every type come back as they went', async () => {
    const client = createClient({ url, intMode: 'bigint' });
    const t = await fresh(client, 'values_', 'id INTEGER PRIMARY KEY, v');
    const sent = [
      null, 1.5, -0.25, 1e300, 0n, -1n, 9007199254740993n, 9223372036854775807n, -9223372036854775808n,
      '', 'text', 'Grüße, 世界 🌍', "it's \"quoted\" \\ \n\t", 'a\u0000b', 'x'.repeat(100_000),
      new Uint8Array([]), new Uint8Array([0]), new Uint8Array([1, 2]), new Uint8Array([255, 254, 253, 0]),
    ];
    for (const [i, v] of sent.entries()) {
      await client.execute({ sql: `INSERT INTO ${t} VALUES (?, ?)`, args: [BigInt(i), v] });
    }
    const { rows } = await client.execute(`SELECT v FROM ${t} ORDER BY id`);
    for (const [i, v] of sent.entries()) {
      const back = rows[i][0];
      if (v instanceof Uint8Array) {
        assert.deepEqual(new Uint8Array(back), v, `value ${i}`);
      } else {
        assert.deepEqual(back, v, `value ${i}`);
      }
    }
    client.close();
  });

  check('a number of JavaScript is REAL, a boolean INTEGER', async (client) => {
    const { rows } = await client.execute({ sql: 'SELECT typeof(?), typeof(?), typeof(?)', args: [1, true, 1n] });
    assert.deepEqual([rows[0][0], rows[0][1], rows[0][2]], ['real', 'integer', 'integer']);
  });

  check('an integer beyond 2^53 throws unless asked for as bigint', async (client) => {
    const error = await failure(client.execute('SELECT 9007199254740993'));
    assert.match(error.message, /too large/i);
  });

  check('infinities arrive', async (client) => {
    const { rows } = await client.execute('SELECT 1e999, -1e999');
    assert.deepEqual(values(rows[0]), [Infinity, -Infinity]);
  });

  check('columns have names and declared types', async (client) => {
    const t = await fresh(client, 'columns_', 'id INTEGER PRIMARY KEY, name VARCHAR(20), other');
    const result = await client.execute(`SELECT id, name, other, 1 AS one, 1 AS one FROM ${t}`);
    assert.deepEqual(result.columns, ['id', 'name', 'other', 'one', 'one']);
    assert.equal(result.columnTypes[0].toUpperCase(), 'INTEGER');
    assert.equal(result.columnTypes[1].toUpperCase(), 'VARCHAR(20)');
    assert.ok(!result.columnTypes[3]);
  });

  check('rows affected and last rowid are told', async (client) => {
    const t = await fresh(client, 'affected', 'id INTEGER PRIMARY KEY, v');
    const one = await client.execute(`INSERT INTO ${t} (v) VALUES (1)`);
    const three = await client.execute(`INSERT INTO ${t} (v) VALUES (2), (3), (4)`);
    const updated = await client.execute(`UPDATE ${t} SET v = v + 1 WHERE id > 2`);
    const selected = await client.execute(`SELECT * FROM ${t}`);
    const deleted = await client.execute(`DELETE FROM ${t}`);
    assert.equal(one.rowsAffected, 1);
    assert.equal(one.lastInsertRowid, 1n);
    assert.equal(three.rowsAffected, 3);
    assert.equal(three.lastInsertRowid, 4n);
    assert.equal(updated.rowsAffected, 2);
    assert.equal(selected.rowsAffected, 0);
    assert.equal(deleted.rowsAffected, 4);
  });

  check('RETURNING gives rows', async (client) => {
    const t = await fresh(client, 'returning', 'id INTEGER PRIMARY KEY, v TEXT');
    const { rows, rowsAffected } = await client.execute({
      sql: `INSERT INTO ${t} (v) VALUES (?) RETURNING id, v`,
      args: ['x'],
    });
    assert.deepEqual(values(rows[0]), [1, 'x']);
    assert.equal(rowsAffected, 1);
  });

  check('named and numbered arguments bind', async (client) => {
    const named = await client.execute({ sql: 'SELECT :a, @b, $c, :a', args: { a: 'x', b: 'y', c: 'z' } });
    const numbered = await client.execute({ sql: 'SELECT ?2, ?1', args: ['first', 'second'] });
    assert.deepEqual(values(named.rows[0]), ['x', 'y', 'z', 'x']);
    assert.deepEqual(values(numbered.rows[0]), ['second', 'first']);
  });

  check('a read sees every write before it', async (client) => {
    const t = await fresh(client, 'own_writes', 'id INTEGER PRIMARY KEY');
    for (let i = 1n; i <= 50n; i++) {
      await client.execute({ sql: `INSERT INTO ${t} VALUES (?)`, args: [i] });
      const { rows } = await client.execute(`SELECT count(*) FROM ${t}`);
      assert.equal(rows[0][0], Number(i));
    }
  });

  for (const mode of ['write', 'deferred']) {
    check(`a batch in mode ${mode} is all or nothing`, async (client) => {
      const t = await fresh(client, `batch_${mode}`, 'id INTEGER PRIMARY KEY, v TEXT UNIQUE');
      const results = await client.batch(
        [
          { sql: `INSERT INTO ${t} VALUES (?, ?)`, args: [1n, 'a'] },
          `INSERT INTO ${t} VALUES (2, 'b')`,
          `SELECT count(*) AS n FROM ${t}`,
        ],
        mode,
      );
      assert.equal(results.length, 3);
      assert.equal(results[2].rows[0].n, 2);

      const error = await failure(
        client.batch([`INSERT INTO ${t} VALUES (3, 'c')`, `INSERT INTO ${t} VALUES (4, 'a')`], mode),
      );
      assert.equal(error.code, 'SQLITE_CONSTRAINT');
      assert.match(error.message, new RegExp(`UNIQUE constraint failed: ${t}.v`));
      const { rows } = await client.execute(`SELECT count(*) FROM ${t}`);
      assert.equal(rows[0][0], 2);
    });
  }

  check('a batch in mode read reads', async (client) => {
    const results = await client.batch(['SELECT 1', 'SELECT 2'], 'read');
    assert.deepEqual(results.map((result) => result.rows[0][0]), [1, 2]);
  });

  check('a batch of 500 statements runs', async (client) => {
    const t = await fresh(client, 'batch_large', 'id INTEGER PRIMARY KEY, v TEXT');
    const statements = Array.from({ length: 500 }, (_, i) => ({
      sql: `INSERT INTO ${t} VALUES (?, ?)`,
      args: [BigInt(i), `v${i}`],
    }));
    await client.batch(statements, 'write');
    const { rows } = await client.execute(`SELECT count(*), max(v) FROM ${t}`);
    assert.deepEqual(values(rows[0]), [500, 'v99']);
  });

  check('an interactive transaction commits', async (client) => {
    const t = await fresh(client, 'commit_', 'id INTEGER PRIMARY KEY, v');
    const transaction = await client.transaction('write');
    await transaction.execute({ sql: `INSERT INTO ${t} VALUES (1, ?)`, args: ['x'] });
    const inside = await transaction.execute(`SELECT count(*) FROM ${t}`);
    const outside = await client.execute(`SELECT count(*) FROM ${t}`);
    await transaction.batch([`INSERT INTO ${t} VALUES (2, 'y')`, `INSERT INTO ${t} VALUES (3, 'z')`]);
    await transaction.commit();
    const after = await client.execute(`SELECT count(*) FROM ${t}`);
    assert.deepEqual([inside.rows[0][0], outside.rows[0][0], after.rows[0][0]], [1, 0, 3]);
    assert.ok(transaction.closed);
  });

  check('an interactive transaction rolls back, and closing it does too', async (client) => {
    const t = await fresh(client, 'rollback_', 'id INTEGER PRIMARY KEY');
    const first = await client.transaction('write');
    await first.execute(`INSERT INTO ${t} VALUES (1)`);
    await first.rollback();
    const second = await client.transaction('write');
    await second.execute(`INSERT INTO ${t} VALUES (2)`);
    second.close();
    await client.execute(`INSERT INTO ${t} VALUES (3)`);
    const { rows } = await client.execute(`SELECT group_concat(id) FROM ${t}`);
    assert.equal(rows[0][0], '3');
  });

  check('a failed statement does not end its transaction', async (client) => {
    const t = await fresh(client, 'failed_statement', 'id INTEGER PRIMARY KEY');
    const transaction = await client.transaction('write');
    await transaction.execute(`INSERT INTO ${t} VALUES (1)`);
    const error = await failure(transaction.execute(`INSERT INTO ${t} VALUES (1)`));
    assert.equal(error.code, 'SQLITE_CONSTRAINT');
    await transaction.execute(`INSERT INTO ${t} VALUES (2)`);
    await transaction.commit();
    const { rows } = await client.execute(`SELECT count(*) FROM ${t}`);
    assert.equal(rows[0][0], 2);
  });

  check('savepoints nest', async (client) => {
    const t = await fresh(client, 'savepoints', 'id INTEGER PRIMARY KEY');
    const transaction = await client.transaction('write');
    await transaction.execute('SAVEPOINT one');
    await transaction.execute(`INSERT INTO ${t} VALUES (1)`);
    await transaction.execute('SAVEPOINT two');
    await transaction.execute(`INSERT INTO ${t} VALUES (2)`);
    await transaction.execute('ROLLBACK TO SAVEPOINT two');
    await transaction.execute('RELEASE two');
    await transaction.execute('RELEASE one');
    await transaction.commit();
    const { rows } = await client.execute(`SELECT group_concat(id) FROM ${t}`);
    assert.equal(rows[0][0], '1');
  });

  check('schema changes roll back with their transaction', async (client) => {
    const t = table('rolled_back_schema');
    await client.execute(`DROP TABLE IF EXISTS ${t}`);
    const transaction = await client.transaction('write');
    await transaction.execute(`CREATE TABLE ${t} (id)`);
    await transaction.execute(`INSERT INTO ${t} VALUES (1)`);
    await transaction.rollback();
    const error = await failure(client.execute(`SELECT * FROM ${t}`));
    assert.match(error.message, /no such table/);
  });

  check('a write waits for the transaction before it', async (client) => {
    const t = await fresh(client, 'waits', 'id INTEGER PRIMARY KEY, v');
    await client.execute(`INSERT INTO ${t} VALUES (1, 0)`);
    const transaction = await client.transaction('write');
    await transaction.execute(`UPDATE ${t} SET v = v + 1`);
    let isDone = false;
    const waiting = client.execute(`UPDATE ${t} SET v = v * 10`).then(() => {
      isDone = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(isDone, false);
    await transaction.commit();
    await waiting;
    const { rows } = await client.execute(`SELECT v FROM ${t}`);
    assert.equal(rows[0][0], 10);
  });

  check('statements run at the same time', async (client) => {
    const t = await fresh(client, 'concurrent', 'id INTEGER PRIMARY KEY, v');
    await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        client.execute({ sql: `INSERT INTO ${t} VALUES (?, ?)`, args: [BigInt(i), `v${i}`] }),
      ),
    );
    const { rows } = await client.execute(`SELECT count(*) FROM ${t}`);
    assert.equal(rows[0][0], 100);
  });

  check('errors have the codes of libSQL', async (client) => {
    const t = await fresh(client, 'errors', 'id INTEGER PRIMARY KEY, v TEXT NOT NULL CHECK (v <> \'bad\')');
    const code = async (sql, args = []) => (await failure(client.execute({ sql, args }))).code;
    const notParsed = ['SQL_PARSE_ERROR', 'SQL_INPUT_ERROR', 'SQLITE_ERROR', 'SQLITE_UNKNOWN'];
    assert.ok(notParsed.includes(await code('SELEC 1')));
    assert.ok(notParsed.includes(await code('SELECT * FROM no_such_table')));
    assert.ok(notParsed.includes(await code(`SELECT no_such_column FROM ${t}`)));
    assert.equal(await code(`INSERT INTO ${t} VALUES (1, NULL)`), 'SQLITE_CONSTRAINT');
    assert.equal(await code(`INSERT INTO ${t} VALUES (1, 'bad')`), 'SQLITE_CONSTRAINT');
    assert.equal(await code(`INSERT INTO ${t} VALUES ('text', 'v')`), 'SQLITE_MISMATCH');
    assert.equal(await code('SELECT 1; SELECT 2'), 'SQL_MANY_STATEMENTS');
    assert.equal(await code('-- nothing'), 'SQL_NO_STATEMENT');
    assert.equal(await code('SELECT ?'), 'ARGS_INVALID');
  });

  check('foreign keys are enforced', async (client) => {
    await client.execute(`DROP TABLE IF EXISTS ${table('child')}`);
    const parent = await fresh(client, 'parent', 'id INTEGER PRIMARY KEY');
    const child = await fresh(client, 'child', `id INTEGER PRIMARY KEY, parent INTEGER REFERENCES ${parent} (id)`);
    const error = await failure(client.execute(`INSERT INTO ${child} VALUES (1, 1)`));
    assert.equal(error.code, 'SQLITE_CONSTRAINT');
    assert.match(error.message, /FOREIGN KEY constraint failed/);
    await client.execute(`DROP TABLE ${child}`);
  });

  check('migrate runs with foreign keys off', async (client) => {
    await client.execute(`DROP TABLE IF EXISTS ${table('m_child')}`);
    await client.execute(`DROP TABLE IF EXISTS ${table('m_parent')}`);
    await client.migrate([
      `CREATE TABLE ${table('m_child')} (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES ${table('m_parent')} (id))`,
      `INSERT INTO ${table('m_child')} VALUES (1, 1)`,
      `CREATE TABLE ${table('m_parent')} (id INTEGER PRIMARY KEY)`,
      `INSERT INTO ${table('m_parent')} VALUES (1)`,
    ]);
    const { rows } = await client.execute(`SELECT count(*) FROM ${table('m_child')}`);
    assert.equal(rows[0][0], 1);
    const error = await failure(client.execute(`INSERT INTO ${table('m_child')} VALUES (2, 99)`));
    assert.equal(error.code, 'SQLITE_CONSTRAINT');
    await client.execute(`DROP TABLE ${table('m_child')}`);
  });

  check('a script with a trigger runs', async (client) => {
    const t = table('scripted');
    await client.executeMultiple(`
      -- made by a test
      DROP TABLE IF EXISTS ${t};
      DROP TABLE IF EXISTS ${t}_log;
      CREATE TABLE ${t} (id INTEGER PRIMARY KEY, v TEXT);
      CREATE TABLE ${t}_log (v TEXT);
      CREATE TRIGGER ${t}_inserted AFTER INSERT ON ${t} BEGIN
        INSERT INTO ${t}_log VALUES ('one; ' || new.v);
        INSERT INTO ${t}_log VALUES ('two');
      END;
      INSERT INTO ${t} (v) VALUES ('a;b');
    `);
    const { rows } = await client.execute(`SELECT group_concat(v, ',') FROM ${t}_log`);
    assert.equal(rows[0][0], 'one; a;b,two');
  });

  check('a script stops at the first failure', async (client) => {
    const t = await fresh(client, 'stops', 'id INTEGER PRIMARY KEY');
    const error = await failure(
      client.executeMultiple(`INSERT INTO ${t} VALUES (1); INSERT INTO ${t} VALUES (1); INSERT INTO ${t} VALUES (2);`),
    );
    assert.equal(error.code, 'SQLITE_CONSTRAINT');
    const { rows } = await client.execute(`SELECT group_concat(id) FROM ${t}`);
    assert.equal(rows[0][0], '1');
  });

  check('a result has 100,000 rows', async (client) => {
    const { rows } = await client.execute(
      'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 100000) SELECT x, x * 2 AS y FROM c',
    );
    assert.equal(rows.length, 100_000);
    assert.equal(rows[0].x, 1);
    assert.equal(rows[99_999].y, 200_000);
  });

  check('a text of 4 MB goes there and back', async (client) => {
    const t = await fresh(client, 'long_text', 'v TEXT');
    const text = 'ß'.repeat(2_000_000);
    await client.execute({ sql: `INSERT INTO ${t} VALUES (?)`, args: [text] });
    const { rows } = await client.execute(`SELECT v, length(v) FROM ${t}`);
    assert.equal(rows[0][1], 2_000_000);
    assert.ok(rows[0][0] === text);
  });

  check('sync is refused', async (client) => {
    const error = await failure((async () => client.sync())());
    assert.equal(error.code, 'SYNC_NOT_SUPPORTED');
  });

  check('EXPLAIN needs no values', async (client) => {
    const { rows } = await client.execute('EXPLAIN QUERY PLAN SELECT ?');
    assert.equal(rows.length, 1);
  });

  return list;
}
