import type { FaultCases } from './fault-case.ts';

const mqtt = (rest: string) => `node: pi-1\nmqtt: ${rest}`;
const broker = (rest: string) => mqtt(`{ brokers: [{ ${rest} }] }`);
const secretFix = 'put it into a file of its own and write "file:/path/of/it", or name a variable: "env:NAME"';
const brokerExample = 'for example mqtts://broker.example:8883';

export const mqttCases: FaultCases = {
  'no brokers key': {
    isWhole: true,
    yaml: mqtt('{ root: qn/1 }'),
    faults: ['2:7: /mqtt/brokers: brokers is missing (write brokers: [{ url: "mqtts://broker.example:8883" }])'],
  },
  'an empty list of brokers': {
    isWhole: true,
    yaml: mqtt('{ brokers: [] }'),
    faults: ['2:18: /mqtt/brokers: no broker (write brokers: [{ url: "mqtts://broker.example:8883" }])'],
  },
  'a broker without url': {
    isWhole: true,
    yaml: broker('weight: 1'),
    faults: ['2:19: /mqtt/brokers/0/url: url is missing (write url: mqtts://broker.example:8883)'],
  },
  'a broker URL with user and password, not told again': {
    isWhole: true,
    yaml: broker('url: "mqtt://me:s3cret@h"'),
    faults: [
      '2:26: /mqtt/brokers/0/url: user and password do not belong into the URL (write them as mqtt: { username, password: "file:…" })',
    ],
  },
  'a broker URL with a password that no URL can have': {
    isWhole: true,
    yaml: broker('url: "mqtt://me:s3/cr#et@h"'),
    faults: [
      '2:26: /mqtt/brokers/0/url: user and password do not belong into the URL (write them as mqtt: { username, password: "file:…" })',
    ],
  },
  'a broker URL with user and password and without protocol': {
    isWhole: true,
    yaml: broker('url: "me:s3cret@h"'),
    faults: [
      '2:26: /mqtt/brokers/0/url: user and password do not belong into the URL (write them as mqtt: { username, password: "file:…" })',
    ],
  },
  'a broker URL with a path': {
    isWhole: true,
    yaml: broker('url: "mqtt://h/x"'),
    faults: [`2:26: /mqtt/brokers/0/url: only host and port belong into the URL: "mqtt://h/x" (${brokerExample})`],
  },
  'a broker by websocket': {
    isWhole: true,
    yaml: broker('url: "ws://h"'),
    faults: ['2:26: /mqtt/brokers/0/url: not a broker this version can reach: "ws://h" (mqtt:// or mqtts://)'],
  },
  'a broker without protocol': {
    isWhole: true,
    yaml: broker('url: "h:1883"'),
    faults: [`2:26: /mqtt/brokers/0/url: not a URL: "h:1883" (${brokerExample})`],
  },
  'the same broker twice': {
    isWhole: true,
    yaml: mqtt('{ brokers: [{ url: "mqtt://h" }, { url: "mqtt://h:1883" }] }'),
    faults: ['2:40: /mqtt/brokers/1: the same broker twice (remove one of them)'],
  },
  'a weight of nothing': {
    isWhole: true,
    yaml: broker('url: "mqtt://h", weight: 0'),
    faults: ['2:46: /mqtt/brokers/0/weight: expected a weight from 1 to 1000, found number 0'],
  },
  'a receive maximum of nothing': {
    isWhole: true,
    yaml: broker('url: "mqtt://h", receive-maximum: 0'),
    faults: ['2:55: /mqtt/brokers/0/receive-maximum: expected a number of messages from 1 to 65535, found number 0'],
  },
  'a certificate without TLS': {
    isWhole: true,
    yaml: broker('url: "mqtt://h", ca: /ca.pem'),
    faults: ['2:19: /mqtt/brokers/0: mqtt://h:1883 has no TLS, so ca, cert and key do nothing (write mqtts://)'],
  },
  'a certificate without key': {
    isWhole: true,
    yaml: broker('url: "mqtts://h", cert: /c.pem'),
    faults: ['2:19: /mqtt/brokers/0: key is missing (cert and key go together)'],
  },
  'a key in plain text': {
    isWhole: true,
    yaml: broker('url: "mqtts://h", cert: /c.pem, key: /k.pem'),
    faults: [`2:58: /mqtt/brokers/0/key: a secret in plain text (${secretFix})`],
  },
  'a relative path': {
    isWhole: true,
    yaml: broker('url: "mqtts://h", ca: ca.pem'),
    faults: ['2:43: /mqtt/brokers/0/ca: the ca file is a relative path: "ca.pem" (begin it with /)'],
  },
  'a password in plain text, not told again': {
    isWhole: true,
    yaml: mqtt('{ brokers: [{ url: "mqtt://h" }], username: me, password: s3cret }'),
    faults: [`2:65: /mqtt/password: a secret in plain text (${secretFix})`],
  },
  'a password that is a number, not told again': {
    isWhole: true,
    yaml: mqtt('{ brokers: [{ url: "mqtt://h" }], username: me, password: 123456 }'),
    faults: [`2:65: /mqtt/password: a secret must be a reference, found a plain value (${secretFix})`],
  },
  'a password in a relative file': {
    isWhole: true,
    yaml: mqtt('{ brokers: [{ url: "mqtt://h" }], username: me, password: "file:pw" }'),
    faults: ['2:65: /mqtt/password: the file of a secret must be an absolute path (write "file:/path/of/it")'],
  },
  'a password in a variable without name': {
    isWhole: true,
    yaml: mqtt('{ brokers: [{ url: "mqtt://h" }], username: me, password: "env:" }'),
    faults: [
      '2:65: /mqtt/password: not the name of a variable or file behind the colon (write "env:NAME", "file:/path/of/it" or "credential:NAME")',
    ],
  },
  'a password without a user': {
    isWhole: true,
    yaml: mqtt('{ brokers: [{ url: "mqtt://h" }], password: "env:PW" }'),
    faults: ['2:51: /mqtt/password: a password without a user name (write username: …)'],
  },
  'a topic root with a wildcard': {
    isWhole: true,
    yaml: mqtt('{ brokers: [{ url: "mqtt://h" }], root: "qn/#" }'),
    faults: ['2:47: /mqtt/root: not a topic root: "qn/#" (1 to 8 levels without +, # and spaces, for example qn/1)'],
  },
  'an encoding that is not there': {
    isWhole: true,
    yaml: mqtt('{ brokers: [{ url: "mqtt://h" }], encoding: jsn, acks: none }'),
    faults: [
      '2:51: /mqtt/encoding: expected json or cbor, found "jsn" (did you mean json?)',
      '2:62: /mqtt/acks: expected all or final, found "none"',
    ],
  },
  'a keepalive without unit': {
    isWhole: true,
    yaml: mqtt('{ brokers: [{ url: "mqtt://h" }], keepalive: 30 }'),
    faults: ['2:52: /mqtt/keepalive: a duration without unit: 30 (write 30s or 30ms)'],
  },

  'too many brokers': {
    isWhole: true,
    yaml: mqtt(`{ brokers: [${Array.from({ length: 9 }, (_, index) => `{ url: "mqtt://h${index}" }`).join(', ')}] }`),
    faults: ['2:18: /mqtt/brokers: 9 brokers, only 8 are possible'],
  },
  'names that are too long': {
    isWhole: true,
    yaml: mqtt(`{ brokers: [{ url: "mqtt://h" }], root: ${'r'.repeat(129)}, client-id: ${'c'.repeat(129)} }`),
    faults: [
      '2:47: /mqtt/root: a topic root is longer than 128 bytes',
      '2:189: /mqtt/client-id: a client id is longer than 128 bytes',
    ],
  },
  'a keepalive that is too short': {
    isWhole: true,
    yaml: mqtt('{ brokers: [{ url: "mqtt://h" }], keepalive: 4999ms }'),
    faults: ['2:52: /mqtt/keepalive: 4999ms is out of range (from 5s to 65535s)'],
  },
  'a credential that leaves its folder': {
    isWhole: true,
    yaml: mqtt('{ brokers: [{ url: "mqtt://h" }], username: u, password: "credential:../x" }'),
    faults: [
      '2:64: /mqtt/password: not the name of a variable or file behind the colon (write "env:NAME", "file:/path/of/it" or "credential:NAME")',
    ],
  },
  'an old TLS': {
    isWhole: true,
    yaml: broker('url: "mqtts://h", min-version: 1.1'),
    faults: ['2:52: /mqtt/brokers/0/min-version: expected 1.2 or 1.3 (min-version: 1.3)'],
  },
  'a list of revoked certificates without its authority': {
    isWhole: true,
    yaml: broker('url: "mqtts://h", crl: /r.pem'),
    faults: ['2:19: /mqtt/brokers/0: a crl needs the ca that signed it (write ca as well)'],
  },
};
