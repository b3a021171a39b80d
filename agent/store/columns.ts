import { storeError } from './error.ts';
import { StoreFault } from './fault.ts';

export type SqliteRow = { readonly [column: string]: unknown };

/** What stands in a row must be what was written: anything else is damage. */
export function createColumns(file: string) {
  function damaged(column: string, value: unknown): StoreFault {
    const detail = `column ${column} holds ${value === null ? 'null' : typeof value}`;
    return new StoreFault(storeError('corrupt', 'read', file, detail));
  }

  return {
    text(row: SqliteRow, column: string): string {
      const value = row[column];
      if (typeof value !== 'string') throw damaged(column, value);
      return value;
    },
    integer(row: SqliteRow, column: string): number {
      const value = row[column];
      if (typeof value !== 'number') throw damaged(column, value);
      return value;
    },
    bytes(row: SqliteRow, column: string): Uint8Array {
      const value = row[column];
      if (!(value instanceof Uint8Array)) throw damaged(column, value);
      return value;
    },
    /** u64 as decimal text: SQLite's own integers are signed. */
    id(row: SqliteRow, column: string): bigint {
      const value = row[column];
      if (typeof value !== 'string' || !/^\d{1,20}$/.test(value)) throw damaged(column, value);
      return BigInt(value);
    },
    oneOf<Text extends string>(row: SqliteRow, column: string, texts: readonly Text[]): Text {
      const found = texts.find((text) => text === row[column]);
      if (found === undefined) throw damaged(column, row[column]);
      return found;
    },
  };
}

export type Columns = ReturnType<typeof createColumns>;
