import { imageCpu, imageSuite } from './recipe.ts';

/** The part of a CycloneDX document that we add to. */
interface Materials {
  readonly components?: readonly unknown[];
  readonly [key: string]: unknown;
}

/** Of a package URL: how it is packed, and by whom. */
const packageKind = ['deb', 'debian'].join('/');

/**
 * What npm says of the agent, the Node it runs on, and every Debian package of the image. `packages` is `name<TAB>version`
 * a line.
 */
export function billOfMaterials(npmText: string, packages: string, nodeVersion: string): string {
  const npm: Materials = JSON.parse(npmText);
  const debian = packages
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', version = ''] = line.split('\t');
      const locator = `pkg:${packageKind}/${name}@${encodeURIComponent(version)}?arch=${imageCpu}&distro=${imageSuite}`;
      return { type: 'library', name, version, purl: locator, 'bom-ref': locator };
    });
  const node = { type: 'application', name: 'node', version: nodeVersion, 'bom-ref': `node@${nodeVersion}` };
  return `${JSON.stringify({ ...npm, components: [...(npm.components ?? []), node, ...debian] }, undefined, 1)}\n`;
}
