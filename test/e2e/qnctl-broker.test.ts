import { expect, test } from 'vitest';
import { runProgram } from '../support/agent-process.ts';
import { signForDays } from '../support/authority.ts';
import { makeCertificates } from '../support/certificates.ts';
import { describeWithMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';

/** What it says when it cannot ask. */
async function health(...args: readonly string[]): Promise<string> {
  const { code, out, err } = await runProgram('qnctl', ['health', ...args]);
  expect([code, out, err.split('\n').length]).toEqual([69, '', 2]);
  return err.trimEnd();
}

describeWithMosquitto('qnctl says what to type about a broker', () => {
  test('that is not there', async () => {
    expect(await health('--url', `mqtt://127.0.0.1:${await freePort()}`)).toMatch(
      /; is the broker there\? --url or QN_URL /,
    );
  });

  test('that wants a password', async () => {
    await using broker = await startMosquitto({ users: { ops: 'right' } });
    expect(await health('--url', broker.url)).toMatch(
      /; say who you are with --username NAME --password file:PATH, or check both/,
    );
  });

  test('with TLS: of an authority that is not known, past its days, and asked without', async () => {
    await using certificates = await makeCertificates();
    const { folder } = certificates;
    const [port, oldPort] = [await freePort(), await freePort()];
    const listen = (at: number, certificate: string) => [
      `listener ${at}`,
      `certfile ${certificate}`,
      `keyfile ${folder}/server.key`,
    ];
    const old = await signForDays(folder, '20200101', '20210101');
    const config = () => [...listen(port, `${folder}/server.pem`), ...listen(oldPort, old)];
    await using _ = await startMosquitto({ port, config });
    const ca = ['--ca', `${folder}/ca.pem`];
    expect(await health('--url', `mqtts://localhost:${port}`)).toMatch(
      /; name who vouches for the broker with --ca FILE$/,
    );
    expect(await health('--url', `mqtts://127.0.0.1:${port}`, ...ca)).toMatch(
      /; write --url with a name that is in its cert/,
    );
    expect(await health('--url', `mqtts://localhost:${oldPort}`, ...ca)).toMatch(
      /; renew the certificate, or set the clock/,
    );
    expect(await health('--url', `mqtt://localhost:${port}`)).toMatch(
      /; is it a port for TLS\? then write mqtts:\/\/ in --url$/,
    );
  });
});
