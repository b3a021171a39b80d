import type { HomeAssistantConfig } from '../config/home-assistant.ts';
import { homeAssistantPartsMax } from '../limits.ts';

/** Where Home Assistant says that it was started. */
export function statusTopic({ prefix }: HomeAssistantConfig): string {
  return `${prefix}/status`;
}

/**
 * Where the board is described; a large one in parts, which Home Assistant takes for one device. The number of a part stands
 * before the name: behind it, `pi-1` would have a topic of a board with the name `pi-1-2`.
 */
export function configTopics({ prefix }: Pick<HomeAssistantConfig, 'prefix'>, node: string): readonly string[] {
  return Array.from({ length: homeAssistantPartsMax }, (_, index) => {
    return `${prefix}/device/qn${index === 0 ? '' : index + 1}-${node}/config`;
  });
}

/** What has to be heard: births of Home Assistant, and what an earlier life has said of this board. */
export function homeAssistantFilters(config: HomeAssistantConfig, node: string): readonly string[] {
  return [statusTopic(config), ...configTopics(config, node)];
}
