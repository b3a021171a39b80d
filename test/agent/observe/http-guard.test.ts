import { expect, test } from 'vitest';
import { strangerFault } from '../../../agent/observe/http-guard.ts';

test.each([
  { host: '127.0.0.1:8088' },
  { host: 'localhost:8088' },
  { host: 'LOCALHOST' },
  { host: '[::1]:8088' },
  { host: 'localhost:9000', origin: 'http://localhost:9000' },
  { host: 'LOCALHOST', origin: 'https://localhost' },
  { host: '127.0.0.1:8088', 'sec-fetch-site': 'same-origin' },
])('a request with %j is of this machine', (headers) => {
  expect(strangerFault(headers)).toBeUndefined();
});

test.each([
  {},
  { host: '' },
  { host: 'evil.example:8088' },
  { host: '127.0.0.1.evil.example' },
  { host: 'evil.example@127.0.0.1:x' },
  { host: '192.168.1.7:8088' },
  { host: '127.0.0.1:8088', origin: 'https://evil.example' },
  { host: '127.0.0.1:8088', origin: 'null' },
  // Behind a tunnel each board has a port of the same machine, and so has whatever else runs there.
  { host: 'localhost:8088', origin: 'http://localhost:8089' },
  { host: '127.0.0.1:8088', origin: 'http://localhost:8088' },
  { host: '127.0.0.1:8088', origin: 'http://localhost.evil.example' },
  { host: '127.0.0.1:8088', 'sec-fetch-site': 'cross-site' },
])('a request with %j is of a stranger', (headers) => {
  expect(strangerFault(headers)).toBeDefined();
});
