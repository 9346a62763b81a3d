// Drizzle and Kysely: mappers and builders on top of the clients, with their migrations.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { createClient } from '@libsql/client';
import { LibsqlDialect } from '@libsql/kysely-libsql';
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/libsql';
import { migrate } from 'drizzle-orm/libsql/migrator';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { Kysely, Migrator } from 'kysely';

const users = sqliteTable('drizzle_users', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  name: text('name').notNull(),
  email: text('email').unique(),
});

export function checks({ http, ws }) {
  const list = [];

  for (const [transport, url] of [['http', http], ['ws', ws]]) {
    list.push({
      name: `drizzle ${transport}: migrates, writes, reads, nests transactions`,
      run: async () => {
        const client = createClient({ url });
        try {
          await client.executeMultiple('DROP TABLE IF EXISTS drizzle_users; DROP TABLE IF EXISTS __drizzle_migrations;');
          const db = drizzle(client);
          const folder = { migrationsFolder: fileURLToPath(new URL('./drizzle', import.meta.url)) };
          await migrate(db, folder);
          await migrate(db, folder);
          const { rows } = await client.execute('SELECT count(*) FROM __drizzle_migrations');
          assert.equal(rows[0][0], 2);

          const [anna] = await db.insert(users).values({ name: 'Anna', email: null }).returning();
          await db.transaction(async (tx) => {
            await tx.insert(users).values({ name: 'Bert', email: 'bert@example.org' });
            await tx
              .transaction(async (nested) => {
                await nested.insert(users).values({ name: 'Carl' });
                nested.rollback();
              })
              .catch(() => {});
            await tx.update(users).set({ name: 'Anne' }).where(eq(users.id, anna.id));
          });
          await db
            .transaction(async (tx) => {
              await tx.insert(users).values({ name: 'Dora' });
              tx.rollback();
            })
            .catch(() => {});
          const names = await db.select({ name: users.name }).from(users).orderBy(users.id);
          assert.deepEqual(names.map((row) => row.name), ['Anne', 'Bert']);

          const [{ count }] = await db.select({ count: sql`count(*)` }).from(users).limit(1);
          assert.equal(count, 2);
          const batch = await db.batch([db.select().from(users), db.insert(users).values({ name: 'Emil' }).returning()]);
          assert.equal(batch[0].length, 2);
          assert.equal(batch[1][0].name, 'Emil');
        } finally {
          client.close();
        }
      },
    });
  }

  list.push({
    name: 'kysely ws: migrates, introspects, runs transactions',
    run: async () => {
      const db = new Kysely({ dialect: new LibsqlDialect({ url: ws }) });
      try {
        for (const table of ['kysely_person', 'kysely_migration', 'kysely_migration_lock']) {
          await db.schema.dropTable(table).ifExists().execute();
        }
        const migrator = new Migrator({
          db,
          provider: {
            getMigrations: async () => ({
              first: {
                up: (k) =>
                  k.schema
                    .createTable('kysely_person')
                    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
                    .addColumn('name', 'text', (column) => column.notNull().unique())
                    .execute(),
                down: (k) => k.schema.dropTable('kysely_person').execute(),
              },
            }),
          },
        });
        const { error, results } = await migrator.migrateToLatest();
        assert.equal(error, undefined);
        assert.equal(results[0].status, 'Success');

        const inserted = await db.insertInto('kysely_person').values({ name: 'Anna' }).returning('id').executeTakeFirst();
        assert.equal(Number(inserted.id), 1);
        await db.transaction().execute(async (trx) => {
          await trx.insertInto('kysely_person').values({ name: 'Bert' }).execute();
        });
        await assert.rejects(
          db.transaction().execute(async (trx) => {
            await trx.insertInto('kysely_person').values({ name: 'Carl' }).execute();
            await trx.insertInto('kysely_person').values({ name: 'Anna' }).execute();
          }),
          /UNIQUE constraint failed: kysely_person.name/,
        );
        const people = await db.selectFrom('kysely_person').select('name').orderBy('id').execute();
        assert.deepEqual(people.map((row) => row.name), ['Anna', 'Bert']);

        const tables = await db.introspection.getTables();
        const person = tables.find((table) => table.name === 'kysely_person');
        assert.deepEqual(person.columns.map((column) => column.name), ['id', 'name']);
      } finally {
        await db.destroy();
      }
    },
  });

  return list;
}
