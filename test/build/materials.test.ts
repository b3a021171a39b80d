import { expect, it } from 'vitest';
import { billOfMaterials } from '../../build/image/materials.ts';

it('the bill of materials names what npm says and every Debian package', () => {
  const npm = JSON.stringify({ bomFormat: 'CycloneDX', components: [{ name: 'mqtt' }] });
  const bill: unknown = JSON.parse(billOfMaterials(npm, 'libc6\t2.41-12+deb13u5\n', '24.1.2'));
  expect(bill).toMatchObject({
    bomFormat: 'CycloneDX',
    components: [
      { name: 'mqtt' },
      { name: 'node', version: '24.1.2' },
      { purl: expect.stringMatching(/^pkg:deb\Wdebian\Wlibc6@2\.41-12%2Bdeb13u5\?arch=arm64&distro=trixie$/) },
    ],
  });
});
