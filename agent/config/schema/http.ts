import * as v from 'valibot';
import { socketPathBytesMax } from '../../limits.ts';
import type { HttpConfig } from '../config.ts';
import { message, quote } from './issue.ts';
import { absolutePath, integer, text } from './scalar.ts';
import { section } from './section.ts';

const loopback = ['127.0.0.1', '::1', 'localhost'];

const host = v.pipe(
  text('a host', 255),
  v.check(
    (name) => loopback.includes(name),
    ({ input }) =>
      message(
        `${quote(input)} is not the loopback: commands over HTTP carry no password`,
        `write ${loopback.join(' or ')}; for other machines there is MQTT`,
      ),
  ),
  v.description('Of the loopback; nothing else can be listened on.'),
);

const socket = v.pipe(
  absolutePath('the path of the socket'),
  v.maxBytes(socketPathBytesMax, `the path of a socket has at most ${socketPathBytesMax} bytes`),
  v.description('Unix socket, for the user and the group of the agent.'),
);

const port = v.pipe(
  v.union([v.literal('off'), integer('a port', 1, 65_535)], message('expected a port or off', 'port: 8088')),
  v.description('Port of the loopback, or off. Every user of this machine can reach it.'),
);

export const httpSection = v.pipe(
  section({
    socket: v.optional(socket),
    host: v.optional(host, '127.0.0.1'),
    port: v.optional(port, 'off'),
  }),
  v.description('Query-Notify over HTTP for the applications of this machine; without this section: off.'),
);

export function toHttpConfig(file: v.InferOutput<typeof httpSection>): HttpConfig {
  const { socket: path, host: name, port: number } = file;
  return {
    host: name,
    ...(path !== undefined && { socket: path }),
    ...(number !== 'off' && { port: number }),
  };
}
