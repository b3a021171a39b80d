import * as v from 'valibot';
import { socketPathBytesMax } from '../../limits.ts';
import type { HttpConfig } from '../config.ts';
import { message, quote } from './issue.ts';
import { absolutePath, integer, text } from './scalar.ts';
import { secret } from './secret.ts';
import { section } from './section.ts';

const loopback: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);

const host = v.pipe(
  text('a host', 255),
  v.description('Address to listen on; other machines reach anything but the loopback, so that needs a token.'),
);

const socket = v.pipe(
  absolutePath('the path of the socket'),
  v.maxBytes(socketPathBytesMax, `the path of a socket has at most ${socketPathBytesMax} bytes`),
  v.description('Unix socket, for the user and the group of the agent.'),
);

const port = v.pipe(
  v.union([v.literal('off'), integer('a port', 1, 65_535)], message('expected a port or off', 'port: 8088')),
  v.description('Port, or off. Of the loopback every user of this machine can reach it.'),
);

const fields = section({
  socket: v.optional(socket),
  host: v.optional(host, '127.0.0.1'),
  port: v.optional(port, 'off'),
  write: v.optional(
    v.pipe(
      v.boolean(message('expected true or false', 'write: true')),
      v.description('Whether commands are taken over HTTP; false: it only tells.'),
    ),
    false,
  ),
  token: v.optional(v.pipe(secret, v.description('What a request over TCP must carry, as `Authorization: Bearer …`.'))),
});

export const httpSection = v.pipe(
  fields,
  v.forward(
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed || loopback.has(dataset.value.host) || dataset.value.token !== undefined) return;
      const fault = `${quote(dataset.value.host)} is not the loopback: other machines need a token`;
      const fix = 'write token: "file:/etc/qn-agent/http-token", or host: 127.0.0.1';
      addIssue({ message: message(fault, fix) });
    }),
    ['host'],
  ),
  v.description('Query-Notify, health and diagnostics over HTTP; without this section: off.'),
);

export function toHttpConfig(file: v.InferOutput<typeof httpSection>): HttpConfig {
  const { socket: path, host: name, port: number, write, token } = file;
  return {
    host: name,
    isWritable: write,
    ...(path !== undefined && { socket: path }),
    ...(number !== 'off' && { port: number }),
    ...(token !== undefined && { token }),
  };
}
