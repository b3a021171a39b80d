import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { agentVersion } from '../../agent/version.ts';
import { build, outFolder } from '../build.ts';
import { lockedNode } from '../node-binary.ts';
import { runTool } from '../run-tool.ts';
import { readOptions } from '../script-options.ts';
import { writeSum } from '../write-sum.ts';
import { makeCard } from './card.ts';
import { layRoot } from './lay-root.ts';
import { billOfMaterials } from './materials.ts';
import { imageCpu } from './recipe.ts';

interface BuiltImage {
  readonly image: string;
  readonly materials: string;
}

/** Needs root, and some 3 GB in the folder for temporary files. `lap` hears how far it is. */
async function buildImage(lap: (text: string) => void): Promise<BuiltImage> {
  mkdirSync('.cache', { recursive: true });
  const folder = mkdtempSync(path.resolve('.cache/card-'));
  try {
    const { root, boot, packages } = await layRoot(folder);
    lap(`a Debian of ${packages.trim().split('\n').length} packages, the agent among them`);
    const image = path.join(outFolder, `qn-agent_${agentVersion}_${imageCpu}.img`);
    await makeCard({ root, boot }, folder, image);
    lap(
      `${image} ${Math.round(statSync(image).size / 1e6)} MB, ${Math.round((statSync(image).blocks * 512) / 1e6)} of them used`,
    );
    const materials = `${image}.cdx.json`;
    const npm = await runTool('npm', ['sbom', '--omit', 'dev', '--omit', 'optional', '--sbom-format', 'cyclonedx']);
    writeFileSync(materials, billOfMaterials(npm, packages, lockedNode(imageCpu).version));
    return { image, materials };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const { values } = readOptions({
    command: 'npm run image',
    summary:
      'Builds dist/qn-agent_VERSION_arm64.img.xz, an SD card of a Raspberry Pi with Debian and the package of the agent, its\n' +
      'SHA-256, and a bill of materials. Needs root, and some 3 GB of disk.',
    options: { raw: { type: 'boolean', help: 'the image stays unpacked, for who boots it at once' } },
  });
  const startMs = performance.now();
  const lap = (text: string) => console.log(`image: ${((performance.now() - startMs) / 1_000).toFixed(0)} s ${text}`);
  await build();
  const { image, materials } = await buildImage(lap);
  if (values.raw) await writeSum(image);
  else {
    await runTool('xz', ['--force', '--threads=0', '-1', image]);
    await writeSum(`${image}.xz`);
    lap(`${image}.xz ${Math.round(statSync(`${image}.xz`).size / 1e6)} MB`);
  }
  lap(`${materials} and .sha256 beside it`);
}
