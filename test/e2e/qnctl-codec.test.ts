import { describe, expect, it } from 'vitest';
import { compactRows, messageRows, refusalRows } from '../agent/qn/vectors.ts';
import { runProgram } from '../support/agent-process.ts';

function lines(out: string): readonly string[] {
  return out.trimEnd().split('\n');
}

function qnctl(args: readonly string[], stdin: string | Uint8Array) {
  return runProgram('qnctl', args, { stdin });
}

describe('qnctl decode', () => {
  it('prints the JSON form of every CBOR vector', async () => {
    const { code, out } = await qnctl(['decode', '--hex'], messageRows.map(({ cbor }) => `${cbor}\n`).join(''));
    expect(code).toBe(0);
    expect(lines(out).map((line) => JSON.parse(line))).toEqual(messageRows.map(({ message }) => message));
  });

  it('prints the fields of every compact vector', async () => {
    const { code, out } = await qnctl(['decode', '--hex'], compactRows.map(({ bytes }) => `${bytes}\n`).join(''));
    expect(code).toBe(0);
    const decoded = lines(out).map((line) => JSON.parse(line));
    expect(decoded).toHaveLength(compactRows.length);
    for (const [index, { fields, name }] of compactRows.entries()) {
      const { kind, vtype, channel, id, pri, ack, ts } = fields;
      const compact = { channel, ackWanted: ack, valueType: vtype };
      expect(decoded[index], name).toMatchObject({ t: kind, id: `${id}`, pri, compact });
      expect(decoded[index].ts % 2 ** 32, name).toBe(ts);
    }
  });

  it('says for every refusal vector why it is refused, with exit code 65', async () => {
    const { code, out } = await qnctl(['decode', '--hex'], refusalRows.map(({ bytes }) => `${bytes}\n`).join(''));
    expect(code).toBe(65);
    const reasons = lines(out).map((line) => JSON.parse(line).refused);
    expect(reasons).toEqual(refusalRows.map(({ reason }) => reason));
  });

  it('refuses a line that is not hexadecimal and goes on with the next', async () => {
    const { code, out } = await qnctl(['decode', '--hex'], `xyz\n${messageRows[0]!.cbor}\n`);
    expect(code).toBe(65);
    expect(lines(out).map((line) => JSON.parse(line))).toMatchObject([
      { refused: 'malformed' },
      messageRows[0]!.message,
    ]);
  });

  it('takes one message as it is without --hex', async () => {
    const { code, out } = await qnctl(['decode'], Buffer.from(messageRows[1]!.cbor, 'hex'));
    expect([code, JSON.parse(out)]).toEqual([0, messageRows[1]!.message]);
  });
});

describe('qnctl encode', () => {
  const asText = messageRows.map(({ message }) => `${JSON.stringify(message)}\n`).join('');

  it.each(['json', 'cbor'])('to %s decodes back to every message vector', async (encoding) => {
    const encoded = await qnctl(['encode', '--to', encoding, '--hex'], asText);
    expect(encoded.code).toBe(0);
    const { code, out } = await qnctl(['decode', '--hex'], encoded.out);
    expect(code).toBe(0);
    expect(lines(out).map((line) => JSON.parse(line))).toEqual(messageRows.map(({ message }) => message));
  });

  it('to compact gives back the bytes of every compact vector that is a message', async () => {
    const decoded = await qnctl(['decode', '--hex'], compactRows.map(({ bytes }) => `${bytes}\n`).join(''));
    const texts = lines(decoded.out);
    // An ack whose value is no status is shown field by field, but is no message to encode.
    const rows = compactRows.filter(
      (_, index) => JSON.parse(texts[index]!).t !== 'ack' || 'st' in JSON.parse(texts[index]!),
    );
    const chosen = compactRows.flatMap((row, index) => (rows.includes(row) ? [`${texts[index]}\n`] : [])).join('');
    const { code, out } = await qnctl(['encode', '--to', 'compact', '--hex'], chosen);
    expect([code, lines(out)]).toEqual([0, rows.map(({ bytes }) => bytes)]);
    expect(rows.length).toBeGreaterThan(compactRows.length / 2);
  });

  it('to compact refuses what 17 bytes cannot say, with exit code 65', async () => {
    const { code, out } = await qnctl(['encode', '--to', 'compact', '--hex'], '{"t":"notify","val":"text"}\n');
    const detail = 'compact: the value is neither true, false nor a number';
    expect([code, JSON.parse(out)]).toMatchObject([65, { refused: 'unsupported', detail }]);
  });
});

describe('usage errors of qnctl', () => {
  it.each([
    [[], 'usage: qnctl VERB'],
    [['notfy', 'pi-1', 'a', 'b'], 'did you mean `notify`?'],
    [['query', 'pi-1'], 'expected NODE DOCUMENT'],
    [['query', 'PI 1', 'a'], 'not a node name'],
    [['query', 'pi-1', 'A!'], 'not a document name'],
    [['query', 'pi-1', 'a', '--nonsense'], '--nonsense'],
    [['query', 'pi-1', 'a', '--url', 'http://x'], 'not a broker url: http://x'],
    [['query', 'pi-1', 'a', '--url', 'mqtt://me:s3/cret@x'], 'not a broker url: it has a user, and maybe a password'],
    [['query', 'pi-1', 'a', '--timeout', 'soon'], 'not a duration'],
    [['query', 'pi-1', 'a', '--password', 'secret'], 'seen by everybody'],
    [['watch', 'pi-1', '--count', 'many'], '--count'],
    [['encode', '--to', 'xml'], 'no encoding xml'],
  ])('%j ends with 64', async (args, text) => {
    const { code, out, err } = await qnctl(args, '');
    expect([code, `${out}${err}`]).toEqual([64, expect.stringContaining(text)]);
  });
});
