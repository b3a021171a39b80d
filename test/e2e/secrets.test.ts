import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { runProgram, startAgentProcess } from '../support/agent-process.ts';
import { makeCertificates } from '../support/certificates.ts';
import type { Heard } from '../support/heard.ts';
import { describeWithMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';
import { openRig } from '../support/rig.ts';

const paths = ['/', '/metrics', '/openapi.json', '/debug/config', '/debug/events', '/debug/health', '/debug/selftest'];

describeWithMosquitto('secrets', () => {
  it('are in nothing the agent says: not in its log, on topics, over HTTP, in its files, nor in what its programs print', async () => {
    const plant = (name: string) => `planted-${name}-${randomBytes(12).toString('hex')}`;
    const [password, token, variable, damaged] = [plant('password'), plant('token'), plant('variable'), plant('key')];
    await using certificates = await makeCertificates();
    const { folder } = certificates;
    const tlsPort = await freePort();
    const tls = [`cafile ${folder}/ca.pem`, `certfile ${folder}/server.pem`, `keyfile ${folder}/server.key`];
    await using tlsBroker = await startMosquitto({
      port: tlsPort,
      config: () => [`listener ${tlsPort} 127.0.0.1`, ...tls, 'require_certificate true'],
    });
    const httpPort = await freePort();
    const files = `ca: ${folder}/ca.pem, cert: ${folder}/client.pem`;
    await using rig = await openRig({
      documents: ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'],
      lines: ['GPIO17'],
      mqtt: [
        `  - { url: "mqtts://localhost:${tlsBroker.port}", ${files}, key: "file:${folder}/client.key" }`,
        `  - { url: "mqtts://127.0.0.1:${tlsBroker.port}", ${files}, key: "file:${folder}/damaged.key" }`,
        'username: board',
        `password: "file:${folder}/password"`,
      ],
      sections: `http: { port: ${httpPort}, token: "env:HTTP_SECRET" }\nhealth: { interval: 1s }`,
    });
    await writeFile(path.join(folder, 'password'), `${password}\n`, { mode: 0o600 });
    await writeFile(path.join(folder, 'damaged.key'), `-----BEGIN PRIVATE KEY-----\n${damaged}\n`, { mode: 0o600 });
    const config = await readFile(rig.configFile, 'utf8');
    await writeFile(rig.configFile, config.replace('level: warn', 'level: debug'));
    const env = { HTTP_SECRET: token, UNUSED_SECRET: variable };
    await using agent = startAgentProcess(rig.configFile, { env });
    await rig.hear({ verb: 'health' }, 15_000);
    // Long enough for the other brokers to be asked, one of them with the damaged key.
    const tellsOfKey = ({ bytes }: Heard) => Buffer.from(bytes).toString().includes('credentials-unreadable');
    await rig.hear({ verb: 'health', test: tellsOfKey }, 30_000);
    await rig.say('query/config', '');
    await rig.say('notify/config', '{"node": 3}');

    const said: Record<string, string> = {};
    for (const below of paths) {
      for (const headers of [{ authorization: `Bearer ${token}` }, { authorization: 'Bearer wrong' }]) {
        const answer = await fetch(`http://127.0.0.1:${httpPort}${below}`, {
          headers,
          signal: AbortSignal.timeout(5_000),
        });
        said[`http ${below} ${headers.authorization === 'Bearer wrong'}`] = `${answer.status} ${await answer.text()}`;
      }
    }
    for (const args of [
      ['check', '--json'],
      ['config', 'show'],
      ['topics', '--asyncapi'],
      ['topics', '--acl', 'mosquitto'],
    ]) {
      const { out, err } = await runProgram('qn-agent', [...args, '--config', rig.configFile], { env });
      said[args.join(' ')] = out + err;
    }
    await agent.end('SIGTERM');
    said['log'] = agent.out + agent.err;
    said['topics'] = textOf(rig);
    said['files'] = await filesIn(path.join(rig.folder, 'state'));

    for (const [where, text] of Object.entries(said)) expect([where, text.length > 0]).toEqual([where, true]);
    const key = certificates.pem['client.key'].split('\n')[1] ?? '';
    expect(key.length).toBeGreaterThan(40);
    const found = Object.entries(said).flatMap(([where, text]) =>
      [password, token, variable, damaged, key]
        .filter((secret) => text.includes(secret))
        .map((secret) => [where, secret]),
    );
    expect(found).toEqual([]);
    expect(said['topics']).toContain('credentials-unreadable'); // So the file was read, and something was said of it.
  }, 60_000);
});

function textOf(rig: { readonly listener: { readonly all: readonly { readonly bytes: Uint8Array }[] } }): string {
  return rig.listener.all.map(({ bytes }) => Buffer.from(bytes).toString('latin1')).join('\n');
}

async function filesIn(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((file) => readFile(file, 'latin1')))).join('\n');
}
