// libsql-stateless-easy: a doubled slash, text/plain, a probe of version 3 first.
import assert from 'node:assert/strict';
import { createClient } from 'libsql-stateless-easy';

export function checks({ http }) {
  return [
    {
      name: 'libsql-stateless-easy: executes and batches',
      run: async () => {
        const client = createClient({ url: http, authToken: '' });
        await client.execute('DROP TABLE IF EXISTS stateless_items');
        await client.execute('CREATE TABLE stateless_items (id INTEGER PRIMARY KEY, v)');
        await client.batch(
          [
            { sql: 'INSERT INTO stateless_items VALUES (?, ?)', args: [1, 'one'] },
            { sql: 'INSERT INTO stateless_items VALUES (:id, :v)', args: { id: 2, v: new Uint8Array([1, 2, 3]) } },
          ],
          'write',
        );
        const { rows, columns } = await client.execute('SELECT id, v FROM stateless_items ORDER BY id');
        assert.deepEqual(columns, ['id', 'v']);
        assert.equal(rows[0].v, 'one');
        assert.deepEqual(new Uint8Array(rows[1].v), new Uint8Array([1, 2, 3]));
        await assert.rejects(client.execute('SELECT * FROM no_such_table'), /no such table/);
      },
    },
  ];
}
