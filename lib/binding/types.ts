// SPDX-License-Identifier: Apache-2.0

/**
 * The whole boundary to native code. Every call that can block returns a promise; every failure is an Error with `errno`,
 * `syscall` and `path`, which the wrappers beside this file turn into a DockerliteError (see native-error.ts).
 * Paths are strings or, where a name is not UTF-8, Buffers.
 */

export type NativePath = string | Buffer;

/** One snapshot to make: `name` is created in directory `parent` from the subvolume at `source`. */
export interface SnapshotRequest {
  source: NativePath;
  parent: NativePath;
  name: string;
  readonly?: boolean;
}

/** Answer of one request of a batch: null, or why this one failed. */
export type BatchAnswer = null | (Error & { errno: number; syscall: string; path?: string });

export interface SubvolumeInfo {
  id: number;
  parentId: number;
  generation: number;
  /** Generation at creation. */
  originGeneration: number;
  readonly: boolean;
  /** Hex, no dashes; '' where there is none. */
  uuid: string;
  parentUuid: string;
}

/** One path that differs between two read-only snapshots. `from` is the old name of a rename. */
export interface NativeChange {
  kind: 'added' | 'changed' | 'deleted' | 'renamed';
  path: Buffer;
  from?: Buffer;
}

export type QuotaMode = 'none' | 'simple' | 'full';

export interface FileSystemInfo {
  /** f_type of statfs(2); btrfs is 0x9123683e. */
  type: number;
  blockSize: number;
  /** Bytes. */
  total: number;
  free: number;
  available: number;
  readonly: boolean;
}

/** native/btrfs and native/sys, in dockerlite.node. */
export interface BtrfsBinding {
  subvolumeCreate(parent: NativePath, name: string): Promise<void>;
  snapshotCreate(source: NativePath, parent: NativePath, name: string, readonly: boolean): Promise<void>;
  snapshotCreateWithParent(source: NativePath, parent: NativePath, name: string, readonly: boolean): Promise<void>;
  /** Concurrent ioctls on threads of their own so that they share transaction commits. */
  snapshotBatch(requests: SnapshotRequest[], threads: number): Promise<BatchAnswer[]>;
  /** Deletes `parent`/`name`, subvolumes nested in it first. */
  subvolumeDelete(parent: NativePath, name: string): Promise<void>;
  subvolumeDeleteWithParent(parent: NativePath, name: string): Promise<void>;
  subvolumeInfo(path: NativePath): Promise<SubvolumeInfo>;
  subvolumeSetReadonly(path: NativePath, readonly: boolean): Promise<void>;
  /** Paths, relative to `path`, of the subvolumes below it, parents before children. */
  subvolumeNested(path: NativePath): Promise<Buffer[]>;
  /** Commits the running transaction of the file system (BTRFS_IOC_SYNC): what was done before is durable. */
  sync(path: NativePath): Promise<void>;
  /** Files made in this directory from now on are overwritten in place (FS_NOCOW_FL). */
  disableCopyOnWrite(directory: NativePath): Promise<void>;
  /**
   * What the send stream says changed between two read-only snapshots, in tree order; files' data is not read. Paths have no
   * leading slash. A path deleted and made again is 'changed' whatever it is now; what was in a deleted directory and what
   * moved along with a renamed one is not listed; of an unchanged directory nothing is said because of a change deeper in it.
   */
  sendDiff(parent: NativePath, snapshot: NativePath): Promise<NativeChange[]>;

  quotaMode(path: NativePath): Promise<QuotaMode>;
  /** BTRFS_QUOTA_CTL_ENABLE_SIMPLE_QUOTA; EINVAL on kernels before 6.7. */
  quotaEnable(path: NativePath): Promise<void>;
  /** Three ioctls: a group of its own, which subvolumes made inside join by themselves, and its limit. */
  quotaLimit(subvolume: NativePath, bytes: number): Promise<void>;
  quotaUnlimit(subvolume: NativePath): Promise<void>;
  quotaSizes(path: NativePath, subvolumes: NativePath[]): Promise<number[]>;
  quotaStale(path: NativePath, destroy: boolean): Promise<string[]>;

  /** Of each process, in clock ticks since boot; 0 for none and for a zombie. */
  startTimes(pids: Int32Array): Promise<Float64Array>;
  /** 1 for each path in `directory` that is there, as faccessat(2) finds; `paths` has a NUL between two. */
  existing(directory: NativePath, paths: string): Uint8Array;
  statfs(path: NativePath): Promise<FileSystemInfo>;
  /** Attaches `file` to a free loop device (autoclear, direct io where possible) and mounts it as btrfs on `target`. */
  mountLoop(file: NativePath, target: NativePath): Promise<void>;
  mountDevice(device: NativePath, target: NativePath): Promise<void>;
  unmount(target: NativePath): Promise<void>;
  /** LOOP_CLR_FD. */
  detachLoop(device: NativePath): Promise<void>;
  /** What blkid-like probing of the first MiB finds: '' when it is all zero, else a word such as 'btrfs', 'ext', 'unknown'. */
  probeSignature(device: NativePath): Promise<string>;
  /** rename(2) with RENAME_NOREPLACE. */
  renameNoReplace(from: NativePath, to: NativePath): Promise<void>;
  /** Creates missing mount points inside an untrusted tree (openat2, RESOLVE_IN_ROOT); true when it had to make one. */
  makeMountPoints(root: NativePath, directories: string[], files: string[]): Promise<boolean>;
  /** The paths with every symbolic link in them followed inside the tree (openat2, RESOLVE_IN_ROOT), relative to it. */
  realPaths(root: NativePath, paths: string[]): Promise<string[]>;
  missingMountPoints(root: NativePath, directories: string[], files: string[]): Promise<string[]>;
}

/** A received frame of the supervisor's protocol. The descriptors are the receiver's to close. */
export type FrameHandler = (type: number, body: Buffer, fds: number[]) => void;

/** Socket to a supervisor or spawner; a thin non-blocking transport of frames, see docs/architecture.md. */
export interface NativeConnection {
  /** Queues one frame; `fds` are duplicated into the message before this returns. */
  send(type: number, body: Buffer, fds: number[]): void;
  /** Keeps (true, the default) or stops keeping Node alive. */
  ref(keep: boolean): void;
  close(): void;
}

export type NativeProcess = NativeConnection & { pid: number };

/** native/supervisor's client side, in dockerlite.node. */
export interface SupervisorBinding {
  /** posix_spawn of the supervisor program with its connection on descriptor 3; returns at once, no signal reaches it from this session. */
  spawnSupervisor(program: string, args: string[], onFrame: FrameHandler, onClose: (error: Error | null) => void): NativeProcess;
  connectSupervisor(path: string, onFrame: FrameHandler, onClose: (error: Error | null) => void): NativeConnection;
  /** socketpair(2): the connection to keep and the descriptor to send. */
  makeConnection(onFrame: FrameHandler, onClose: (error: Error | null) => void): { connection: NativeConnection; fd: number };
  /** pipe2(O_CLOEXEC): [read end, write end]. */
  pipe(): [number, number];
  closeFd(fd: number): void;
  /** For each path: does a process listen on this unix socket? Non-blocking probes, one call for many. */
  probeSockets(paths: string[]): boolean[];
}

/** native/sys/journal, in dockerlite.node. */
export interface JournalBinding {
  /**
   * Appends an event, a JSON object without its closing brace, and the present time as one line. Rotates the file once it is longer than
   * `size` bytes (4 MiB) and the last rotation is `keep` seconds (10) ago.
   */
  appendLine(path: NativePath, line: string, options?: { size?: number; keep?: number }): void;
  timedEvent(event: string): string;
}

/** native/sys/terminal, in dockerlite.node. */
export interface TerminalBinding {
  /** Raw mode in both directions; returns what to give to `restoreTerminal`. */
  setRawTerminal(fd: number): Buffer;
  restoreTerminal(fd: number, state: Buffer): void;
  terminalSize(fd: number): { rows: number; columns: number };
  /** Calls back once, when the other end of the pipe or socket is gone; returns how to stop. Makes `fd` non-blocking. */
  watchHangup(fd: number, gone: () => void): () => void;
}

/** Where an archive comes from or goes to: a file, or a descriptor (pipe, socket, stdin). */
export type ArchiveEnd = { path: NativePath } | { fd: number };

export interface UnpackOptions {
  /** Stop with EFBIG past this many bytes of file content. */
  maxBytes?: number;
  /** Stop past this many entries. */
  maxEntries?: number;
  /** Unpack only into this directory inside the root (resolved within the root). */
  into?: string;
  /** Keep the archive's owners (default) or give everything to this user. */
  owner?: { uid: number; gid: number };
  /** Replace a directory by a file and the other way round (default true, as cp refuses it). */
  allowReplace?: boolean;
  /** A directory over a link to a directory leaves the link, which is followed within the root (default false). */
  keepDirectoryLinks?: boolean;
  /** A layer of an image: `.wh.` entries remove what the root holds already. */
  layer?: boolean;
  /** Whether the result has digests; default true. */
  digests?: boolean;
  signal?: AbortSignal;
}

export interface UnpackResult {
  entries: number;
  /** Bytes of file content written. */
  bytes: number;
  /** sha256 (hex) of the bytes as read from the source, and after decompression; empty where they were not wanted. */
  digest: string;
  diffId: string;
}

export interface PackOptions {
  /** Path inside the root to pack (resolved within the root); default all of it. */
  from?: string;
  /** Name of that entry in the archive; default its own base name. */
  rename?: string;
  /** Follow a final symbolic link. */
  followLink?: boolean;
  /** Paths relative to the root to leave out. */
  exclude?: string[];
  signal?: AbortSignal;
}

export interface CopyTreeOptions {
  /** Only this directory of the source, which is then resolved within it. */
  from?: string;
  signal?: AbortSignal;
}

export interface PathStat {
  /** Base name as Docker's X-Docker-Container-Path-Stat has it. */
  name: string;
  size: number;
  /** st_mode. */
  mode: number;
  mtimeNs: bigint;
  linkTarget: string;
}

export interface LayerChanges {
  /** Paths that may differ, without leading slash. */
  touched: NativePath[];
  /** Those of them with everything below them. */
  moved: NativePath[];
  signal?: AbortSignal;
}

/** native/archive, in dockerlite-archive.node (links libarchive). Runs on threads of its own; `signal` aborts with ECANCELED. */
export interface ArchiveBinding<Ahead = object> {
  /** Unpacks tar (any compression libarchive reads) below `root`; nothing outside it is ever touched. */
  unpack(source: ArchiveEnd, root: NativePath, options: UnpackOptions): Promise<UnpackResult>;
  /** Begins to decompress and to hash what will be unpacked. `growsTo`: the size of a file that somebody still writes; the rest is waited for. */
  decodeAhead(source: { fd: number; growsTo?: number }): Ahead;
  /** Says that more of the file is there. */
  aheadGrown(ahead: Ahead): void;
  /** As unpack; once. */
  unpackAhead(ahead: Ahead, root: NativePath, options: UnpackOptions): Promise<UnpackResult>;
  /** Stops it, unless it has ended. */
  closeAhead(ahead: Ahead): Promise<void>;
  /** Writes what a file of any compression libarchive reads, or of none, holds; returns how many bytes that were. */
  decompress(source: ArchiveEnd, target: ArchiveEnd, options: { maxBytes?: number }): Promise<number>;
  /** Packs a tree as PAX tar: owners, xattrs, ACLs, hard links, sparse files, ns times. */
  pack(root: NativePath, target: ArchiveEnd, options: PackOptions): Promise<{ entries: number; bytes: number }>;
  /** Packs what differs between two trees as an image's layer, whiteouts included; `root` began as a snapshot of `below`. */
  packLayer(below: NativePath, root: NativePath, target: ArchiveEnd, changes: LayerChanges): Promise<{ entries: number; bytes: number }>;
  /** Copies a host directory into the root, preserving everything `pack` would. */
  copyTree(source: NativePath, root: NativePath, options: CopyTreeOptions): Promise<{ entries: number; bytes: number }>;
  statInRoot(root: NativePath, path: string): Promise<PathStat>;
}

export interface SendSnapshotOptions {
  /** A read-only subvolume that the receiver has: only the difference to it is sent. */
  parent?: NativePath;
  /** Goes ahead of the tree. */
  description: string;
  signal?: AbortSignal;
  /** Bytes so far, now and then. */
  onProgress?: (bytes: number) => void;
}

export interface ReceiveSnapshotOptions {
  /** A subvolume, empty or a snapshot of `parent`, that becomes what was sent; without one the stream is only checked. */
  tree?: NativePath;
  /** The read-only tree that the stream is the difference to. */
  parent?: NativePath;
  /** Bytes of file content that may be written, cloned or reserved; default 1 TiB. */
  maxBytes?: number;
  /** Names that may be made; default 5,000,000. */
  maxEntries?: number;
  /** Of one file, holes included; default 16 TiB. */
  maxFileSize?: number;
  signal?: AbortSignal;
  onProgress?: (bytes: number) => void;
}

/** native/snapshot, in dockerlite-archive.node: trees as btrfs send streams. Wire format: native/snapshot/format.h. */
export interface SnapshotBinding<Handle> {
  sendSnapshot(tree: NativePath, target: ArchiveEnd, options: SendSnapshotOptions): Promise<number>;
  openSnapshots(source: ArchiveEnd): Promise<Handle>;
  /** Description of the next image; null after the last. */
  nextSnapshot(handle: Handle, options: { signal?: AbortSignal }): Promise<Buffer | null>;
  /** The tree that follows the description. */
  receiveSnapshot(handle: Handle, options: ReceiveSnapshotOptions): Promise<{ entries: number; bytes: number }>;
  /** sha256 (hex) of the source as it was read, once there is no next image. */
  snapshotsDigest(handle: Handle): string;
  closeSnapshots(handle: Handle): Promise<void>;
}

export interface BridgeRequest {
  name: string;
  /** CIDR of the gateways on the bridge, e.g. 172.30.0.1/16; IPv4 first. */
  addresses: string[];
  mtu?: number;
}

/** One element of a set or map. Parts of concatenations are padded to a multiple of four bytes each. */
export interface NftElement {
  family: 'inet' | 'bridge';
  table: string;
  set: string;
  key: Buffer;
  /** The last key of a range. */
  keyEnd?: Buffer;
  /** Of a map. */
  data?: Buffer;
}

export interface NftRule {
  chain: string;
  /** '' without one. */
  comment: string;
}

export interface VethRequest {
  bridge: string;
  /** Name of the host's end. */
  host: string;
  /** Name of the end in the namespace. */
  name: string;
  /** Six bytes, of the end in the namespace. */
  hardware: Buffer;
  /** CIDR. */
  addresses: string[];
  /** Default routes lead there. */
  gateways: string[];
}

export interface LinkInfo {
  name: string;
  index: number;
  kind: string;
  up: boolean;
  addresses: string[];
}

/** native/net, in dockerlite-net.node (netlink through libmnl, rules through libnftables). */
export interface NetBinding {
  /** Creates the bridge, gives it its address and sets it up; fine when it is already so. */
  ensureBridge(request: BridgeRequest): Promise<void>;
  deleteLink(name: string): Promise<void>;
  links(): Promise<LinkInfo[]>;
  /** IPv4 destinations of the host's main routing table and addresses, as CIDR: to choose a free subnet. */
  usedSubnets(): Promise<string[]>;
  /** Runs nft commands atomically through libnftables; returns its (JSON or plain) output. */
  nft(commands: string, options: { json?: boolean }): Promise<string>;
  /** Is there a table of this name? One netlink request, without libnftables. */
  hasTable(family: NftElement['family'], name: string): Promise<boolean>;
  /** The messages of one transaction. */
  encodeElements(remove: boolean, elements: NftElement[]): Buffer;
  sendBatch(batch: Buffer, options: { lenient?: boolean }): Promise<void>;
  isPortFree(proto: string, address: string, port: number): boolean;
  readCounter(element: NftElement): Promise<{ packets: number; bytes: number }>;
  listKeys(set: NftElement): Promise<Buffer[]>;
  listRules(family: NftElement['family'], table: string): Promise<NftRule[]>;
  connectVeth(netns: number, request: VethRequest): Promise<void>;
  /** Writes /proc/sys/net/… inside the host's namespace; returns the old value. */
  sysctl(key: string, value: string): Promise<string>;
}

/** native/lxc, in dockerlite-lxc.node: liblxc calls that neither fork nor wait. */
export interface SeccompPolicyRule {
  names: string[];
  /** SECCOMP_RET_* with its data. */
  action: number;
  /** All must hold; `op` is libseccomp's enum scmp_compare. */
  args: { index: number; op: number; value: number; valueTwo: number }[];
}

export interface SeccompPolicy {
  /** Of calls no rule names. */
  action: number;
  /** libseccomp's names, the machine's own first. */
  architectures: string[];
  rules: SeccompPolicyRule[];
  /** Of calls newer than every call the rules name; 0 for nothing special. */
  beyond: number;
  /** As libseccomp writes it, about twice as long. */
  plain?: boolean;
}

export interface SeccompBinding {
  compile(policy: SeccompPolicy): Promise<Buffer>;
  version(): string;
}

export interface LxcBinding {
  version(): string;
  isConfigItemSupported(key: string): boolean;
}
