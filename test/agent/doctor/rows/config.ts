import { soundBoard } from '../../../support/sound-facts.ts';
import { board, configuration, health, nowMs, type Row } from './plants.ts';

const oldKey = { kid: 'old', key: '', roles: ['config'], author: 'old', expiresMs: nowMs } as const;

export const configRows: readonly Row[] = [
  [
    'no configuration',
    configuration({ trouble: 'missing', path: '/x.yaml' }),
    'CFG-01',
    'problem',
    '/x.yaml',
    '--config FILE',
  ],
  ['one that is not for us', configuration({ trouble: 'unreadable' }), 'CFG-01', 'problem', 'pi may not read', 'chmod'],
  [
    'a fault in it',
    configuration({
      trouble: 'invalid',
      faults: [{ file: 'c.yaml', line: 3, pointer: '/node', message: 'not a name' }],
    }),
    ...(['CFG-02', 'problem', 'c.yaml:3: /node: not a name', 'qn-agent check'] as const),
  ],
  ['another one in use', configuration({ hash: 'fedcba98' }), 'CFG-03', 'warning', 'abcdef01', 'qnctl reload'],
  [
    'a file that is not read',
    configuration({ warnings: [{ file: '/c/a.yml', pointer: '', message: 'not read' }] }),
    'CFG-04',
    'warning',
    '/c/a.yml',
    'mv /c/a.yml /c/a.yaml',
  ],
  [
    'a password that cannot be read',
    configuration({ secrets: [{ resource: '/p', kind: 'io', detail: 'cannot be read: EIO' }] }),
    'CFG-05',
    'problem',
    '/p',
    'ls -l /p',
  ],
  [
    'one whose name means something to a shell',
    configuration({ secrets: [{ resource: "/it's $(x)", kind: 'io', detail: 'cannot be read: EIO' }] }),
    'CFG-05',
    'problem',
    "/it's $(x)",
    "ls -l '/it'\\''s $(x)'",
  ],
  [
    'a password that everybody may read',
    configuration({ secrets: [{ resource: '/p', kind: 'denied', detail: 'every user', fix: 'run: chmod o= /p' }] }),
    'CFG-05',
    'problem',
    '/p',
    'sudo chgrp "$(id -gn pi)" /p && sudo chmod g+r,o= /p',
  ],
  [
    'an authority that is not there',
    configuration({ secrets: [{ resource: '/ca.pem', kind: 'absent', detail: 'no such file' }] }),
    'CFG-05',
    'problem',
    '/ca.pem',
    'sudo install -D -m 0640 -g "$(id -gn pi)" A_COPY_OF_IT /ca.pem',
  ],
  [
    'a password that is not for us, but for the agent',
    {
      ...board({ disk: { ...soundBoard.disk, isForeign: true } }),
      ...configuration({ secrets: [{ resource: '/p', kind: 'denied', detail: 'permission denied', fix: 'let it' }] }),
    },
    'CFG-05',
    'problem',
    '/p',
    'sudo qn-agent doctor',
  ],
  [
    'a variable that the agent misses as well',
    {
      ...health({ link: { brokers: [{ url: '', last_error: { code: 'credentials-unreadable' } }] } }),
      ...configuration({ secrets: [{ resource: 'PW', kind: 'absent', detail: 'is not set' }] }),
    },
    'CFG-05',
    'problem',
    'PW',
    'sudo systemctl edit qn-agent',
  ],
  [
    'configs from anybody',
    board({ config: { ...soundBoard.config, overAir: { trust: 'none', verifyMs: 1 } } }),
    ...(['CFG-06', 'warning', 'whoever may publish', 'qnctl keys new'] as const),
  ],
  [
    'a key that has ended',
    board({ config: { ...soundBoard.config, trust: { ...soundBoard.config.trust, keys: [oldKey] } } }),
    ...(['CFG-06', 'warning', 'the key old', 'qnctl keys new'] as const),
  ],
];
