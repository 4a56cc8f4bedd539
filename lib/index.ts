// SPDX-License-Identifier: Apache-2.0

/** The public interface for Node programs: exports only. */
export { Engine, type EngineOptions } from './engine';
export { DockerliteError, ERROR_CODES, type ErrorCode } from './errors';
export { initStore, type InitOptions, type InitResult } from './init';
export { Container } from './containers/container';
export type { Attachment, AttachOptions } from './containers/attach';
export type { ExecOptions, ExecProcess } from './containers/exec';
export type { StartOptions } from './containers/start';
export type { UpdateOptions } from './containers/update';
export type { StopOptions } from './containers/stop';
export type { ExitStatus } from './containers/wait';
export type { LogOptions } from './containers/log-options';
export type { LogEntry, LogsOptions } from './containers/logs';
export type { Change } from './containers/diff';
export type { CommitOptions } from './containers/commit';
export type { ContainerSummary, ListOptions } from './containers/list';
export type { AllStatsOptions, StatsOptions } from './containers/stats/stats';
export type { ContainerStats } from './containers/stats/types';
export type { ContainerInfo } from './containers/inspect';
export type { BindMount, MountOptions, MountSpec, TmpfsMount, VolumeMount } from './containers/mount-spec';
export type { Resources } from './containers/resources';
export type { ContainerOptions, ContainerSpec } from './containers/spec';
export type { CreateVolumeOptions } from './volumes/create';
export type { Volume } from './volumes/record';
export { Volumes } from './volumes/volumes';
export type { ImageConfig } from './images/config';
export type { Image, OciImage } from './images/record';
export type { ImportOptions, ImportSource } from './images/import';
export type { CheckOptions } from './check/check';
export type { Finding, FindingKind } from './check/finding';
export { eventJson, type EngineEvent } from './events/event';
export type { EventsOptions } from './events/events';
export type { EventFilters } from './events/filter';
export type { EngineInfo } from './info';
