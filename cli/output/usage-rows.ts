// SPDX-License-Identifier: Apache-2.0
import type { ContainerUsage, DiskUsage, VolumeUsage } from '../../lib/disk-usage';
import { ContainerRow } from './container-row';
import { IMAGE_HEADINGS, imageRows } from './image-row';
import { humanSize } from './size';

/** A line of `system df`, in the order Docker's JSON has. */
export interface UsageFields {
  Active: string;
  Reclaimable: string;
  Size: string;
  TotalCount: string;
  Type: string;
}

export const USAGE_HEADINGS: UsageFields = { Active: 'ACTIVE', Reclaimable: 'RECLAIMABLE', Size: 'SIZE', TotalCount: 'TOTAL', Type: 'TYPE' };

export function usageRows({ images, imagesSize, containers, volumes }: DiskUsage): UsageFields[] {
  const used = images.filter((image) => image.containers > 0);
  const isActive = ({ state }: ContainerUsage) => !['created', 'exited'].includes(state);
  const written = (list: ContainerUsage[]) => sum(list.map(({ size }) => size.rw));
  const held = (list: VolumeUsage[]) => sum(list.map(({ size }) => size ?? 0));
  return [
    row('Images', images.length, used.length, imagesSize, imagesSize - sum(used.map((image) => image.size - image.sharedSize))),
    row('Containers', containers.length, containers.filter(isActive).length, written(containers), written(containers.filter((one) => !isActive(one)))),
    row('Local Volumes', volumes.length, volumes.filter(({ uses }) => uses > 0).length, held(volumes), held(volumes.filter(({ uses }) => uses === 0))),
    row('Build Cache', 0, 0, 0, 0),
  ];
}

function row(Type: string, total: number, active: number, size: number, reclaimable: number): UsageFields {
  const part = size > 0 ? ` (${Math.trunc((reclaimable * 100) / size)}%)` : '';
  return { Active: String(active), Reclaimable: `${humanSize(reclaimable, 4)}${part}`, Size: humanSize(size, 4), TotalCount: String(total), Type };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

export const IMAGE_USAGE = 'table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}';
export const CONTAINER_USAGE = 'table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}\t{{.Status}}\t{{.Names}}';
export const VOLUME_USAGE = 'table {{.Name}}\t{{.Links}}\t{{.Size}}';
export const IMAGE_USAGE_HEADINGS = { ...IMAGE_HEADINGS };
export const VOLUME_USAGE_HEADINGS = { Name: 'VOLUME NAME', Links: 'LINKS', Size: 'SIZE' };

/** What `system df -v` shows of each. */
export function usageDetails({ images, containers, volumes }: DiskUsage) {
  return {
    Images: images.flatMap((image) =>
      imageRows(image, false).map((fields) => ({
        ...fields,
        Size: humanSize(image.size, 4),
        SharedSize: humanSize(image.sharedSize, 4),
        UniqueSize: humanSize(image.size - image.sharedSize, 4),
        Containers: String(image.containers),
      })),
    ),
    Containers: containers.map((container) => ({ ...new ContainerRow(container, { full: false }).toJSON(), Size: humanSize(container.size.rw) })),
    Volumes: volumes.map(({ name, size, uses }) => ({ Name: name, Links: String(uses), Size: size === undefined ? 'N/A' : humanSize(size, 4) })),
    BuildCache: [],
  };
}
