// @tursodatabase/serverless: cursors of version 3, one stream for the life of a connection.
import assert from 'node:assert/strict';
import { connect } from '@tursodatabase/serverless';

export function checks({ http, idleMillis }) {
  const list = [];
  const check = (name, body) =>
    list.push({
      name: `@tursodatabase/serverless: ${name}`,
      run: async () => {
        const connection = connect({ url: http });
        try {
          await body(connection);
        } finally {
          await connection.close();
        }
      },
    });

  async function fresh(connection, name, columns) {
    await connection.exec(`DROP TABLE IF EXISTS ${name}`);
    await connection.exec(`CREATE TABLE ${name} (${columns})`);
  }

  check('prepared statements run, get and list', async (connection) => {
    await fresh(connection, 'serverless_items', 'id INTEGER PRIMARY KEY, name TEXT, price REAL');
    const insert = await connection.prepare('INSERT INTO serverless_items (name, price) VALUES (?, ?)');
    const first = await insert.run(['one', 1.5]);
    await insert.run(['two', 2]);
    assert.equal(first.changes, 1);
    assert.equal(Number(first.lastInsertRowid), 1);
    const select = await connection.prepare('SELECT name, price FROM serverless_items ORDER BY id');
    const rows = await select.all();
    assert.deepEqual(rows.map((row) => [row.name, row.price]), [['one', 1.5], ['two', 2]]);
    const one = await (await connection.prepare('SELECT name FROM serverless_items WHERE id = ?')).get([2]);
    assert.equal(one.name, 'two');
  });

  check('rows can be iterated', async (connection) => {
    const statement = await connection.prepare(
      'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 20000) SELECT x FROM c',
    );
    let sum = 0;
    for await (const row of statement.iterate()) {
      sum += row.x;
    }
    assert.equal(sum, 200010000);
  });

  check('a batch in a mode is one transaction', async (connection) => {
    await fresh(connection, 'serverless_batch', 'id INTEGER PRIMARY KEY');
    await connection.batch(
      ['INSERT INTO serverless_batch VALUES (1)', 'INSERT INTO serverless_batch VALUES (2)'],
      'immediate',
    );
    await assert.rejects(
      connection.batch(
        ['INSERT INTO serverless_batch VALUES (3)', 'INSERT INTO serverless_batch VALUES (1)'],
        'immediate',
      ),
      /UNIQUE constraint failed/,
    );
    const row = await connection.get('SELECT count(*) AS n FROM serverless_batch');
    assert.equal(row.n, 2);
    assert.equal(connection.inTransaction, false);
  });

  check('a transaction commits or rolls back', async (connection) => {
    await fresh(connection, 'serverless_tx', 'id INTEGER PRIMARY KEY');
    await connection.exec('BEGIN');
    await connection.run('INSERT INTO serverless_tx VALUES (1)');
    assert.equal(connection.inTransaction, true);
    await connection.exec('COMMIT');
    assert.equal(connection.inTransaction, false);
    await connection.exec('BEGIN');
    await connection.run('INSERT INTO serverless_tx VALUES (2)');
    await connection.exec('ROLLBACK');
    const row = await connection.get('SELECT group_concat(id) AS ids FROM serverless_tx');
    assert.equal(row.ids, '1');
  });

  check('errors name the statement that failed', async (connection) => {
    await assert.rejects(connection.prepare('SELECT * FROM no_such_table').then((s) => s.all()), /no such table/);
    const row = await connection.get('SELECT 1 AS one');
    assert.equal(row.one, 1);
  });

  if (idleMillis !== null) {
    check('a connection that was idle for too long goes on', async (connection) => {
      await fresh(connection, 'serverless_idle', 'id INTEGER PRIMARY KEY');
      await connection.run('INSERT INTO serverless_idle VALUES (1)');
      await new Promise((resolve) => setTimeout(resolve, idleMillis));
      const row = await connection.get('SELECT count(*) AS n FROM serverless_idle');
      assert.equal(row.n, 1);
    });
  }

  return list;
}
