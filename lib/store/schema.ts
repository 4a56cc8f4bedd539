// SPDX-License-Identifier: Apache-2.0

/**
 * The tables of a store, as the steps that lead to them: step n takes a store of version n-1 to version n. A step that
 * has been released is never changed; what changes is a new step at the end.
 */
export const STEPS: readonly string[] = [
  `
CREATE TABLE images (
  id TEXT PRIMARY KEY,
  state TEXT NOT NULL,               -- creating | ready | removing
  owner TEXT NOT NULL,               -- process that is creating or removing it
  created INTEGER NOT NULL,          -- ms since the epoch
  parent TEXT NOT NULL DEFAULT '',
  config TEXT NOT NULL,              -- OCI image configuration, JSON
  size INTEGER NOT NULL DEFAULT 0,   -- bytes
  has_base INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX images_unfinished ON images(state) WHERE state <> 'ready';
CREATE TABLE tags (
  name TEXT PRIMARY KEY,             -- repository:tag
  image TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX tags_image ON tags(image);
CREATE TABLE containers (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  image TEXT NOT NULL,
  image_name TEXT NOT NULL,          -- as the user wrote it
  state TEXT NOT NULL,               -- ContainerState, see containers/state.ts
  owner TEXT NOT NULL,               -- process at work on it, or its supervisor while it runs
  created INTEGER NOT NULL,          -- ms since the epoch
  spec TEXT NOT NULL,                -- ContainerSpec, JSON
  base TEXT NOT NULL,                -- subvolume it was snapshotted from, relative to the root
  pid INTEGER NOT NULL DEFAULT 0,    -- init's, in the host's namespace
  started TEXT NOT NULL DEFAULT '',  -- ns since the epoch
  finished TEXT NOT NULL DEFAULT '',
  exit_code INTEGER NOT NULL DEFAULT 0,
  oom_killed INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '',
  auto_remove INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX containers_created ON containers(created);
CREATE INDEX containers_image ON containers(image);
CREATE INDEX containers_active ON containers(state) WHERE state NOT IN ('created', 'exited');
CREATE INDEX containers_auto_remove ON containers(state) WHERE auto_remove = 1;
CREATE TABLE addresses (
  ip INTEGER PRIMARY KEY,            -- IPv4 as a number
  container_id TEXT NOT NULL UNIQUE,
  fixed INTEGER NOT NULL DEFAULT 0   -- kept while the container is stopped
);
CREATE TABLE address_cursor (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  next INTEGER NOT NULL              -- from here on no address was ever given out
);
CREATE TABLE address_queue (         -- addresses given back, oldest first
  turn INTEGER PRIMARY KEY,
  ip INTEGER NOT NULL UNIQUE
);
CREATE TRIGGER addresses_returned AFTER DELETE ON addresses WHEN OLD.ip < (SELECT next FROM address_cursor) BEGIN
  INSERT OR IGNORE INTO address_queue (ip) VALUES (OLD.ip);
END;
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
`,
  `
ALTER TABLE containers ADD COLUMN id_range INTEGER NOT NULL DEFAULT 0;  -- number of its range of user ids, 0: the host's
CREATE UNIQUE INDEX containers_id_range ON containers(id_range) WHERE id_range > 0;
`,
  `
CREATE TABLE volumes (
  name TEXT PRIMARY KEY,
  state TEXT NOT NULL,               -- VolumeState, see volumes/record.ts
  owner TEXT NOT NULL,               -- process at work on it
  created INTEGER NOT NULL,          -- ms since the epoch
  labels TEXT NOT NULL,              -- JSON object
  options TEXT NOT NULL              -- JSON object, of the driver
) WITHOUT ROWID;
CREATE INDEX volumes_unfinished ON volumes(state) WHERE state <> 'ready';
CREATE TABLE volume_uses (
  container TEXT NOT NULL REFERENCES containers(id) ON DELETE CASCADE,
  volume TEXT NOT NULL REFERENCES volumes(name),
  anonymous INTEGER NOT NULL,        -- made for this container, which takes it along
  PRIMARY KEY (container, volume)
) WITHOUT ROWID;
CREATE INDEX volume_uses_volume ON volume_uses(volume);
`,
  `
CREATE TABLE networks (              -- those users made; bridge, host and none are always there
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL,               -- ready | removing
  owner TEXT NOT NULL,               -- process that is removing it
  created INTEGER NOT NULL,          -- ms since the epoch
  spec TEXT NOT NULL                 -- NetworkSpec, JSON
) WITHOUT ROWID;
DROP TRIGGER addresses_returned;
ALTER TABLE addresses RENAME TO old_addresses;
CREATE TABLE addresses (
  ip INTEGER PRIMARY KEY,            -- IPv4 as a number; networks of a store do not overlap
  network TEXT NOT NULL,             -- its name
  container_id TEXT NOT NULL,
  fixed INTEGER NOT NULL DEFAULT 0,  -- kept while the container is stopped
  interface INTEGER NOT NULL DEFAULT 0, -- n of ethn, while it runs
  UNIQUE (container_id, network)
);
CREATE INDEX addresses_network ON addresses(network);
INSERT INTO addresses (ip, network, container_id, fixed) SELECT ip, 'bridge', container_id, fixed FROM old_addresses;
DROP TABLE old_addresses;
CREATE TABLE addresses6 (
  ip TEXT PRIMARY KEY,               -- IPv6 as 32 hexadecimal digits
  network TEXT NOT NULL,
  container_id TEXT NOT NULL,
  fixed INTEGER NOT NULL DEFAULT 0,
  UNIQUE (container_id, network)
) WITHOUT ROWID;
ALTER TABLE address_cursor RENAME TO old_cursor;
CREATE TABLE address_cursor (
  network TEXT PRIMARY KEY,
  next INTEGER NOT NULL              -- from here on no address was ever given out
) WITHOUT ROWID;
INSERT INTO address_cursor (network, next) SELECT 'bridge', next FROM old_cursor;
DROP TABLE old_cursor;
ALTER TABLE address_queue RENAME TO old_queue;
CREATE TABLE address_queue (         -- addresses given back, oldest first
  turn INTEGER PRIMARY KEY,
  network TEXT NOT NULL,
  ip INTEGER NOT NULL UNIQUE
);
CREATE INDEX address_queue_network ON address_queue(network, turn);
INSERT INTO address_queue (turn, network, ip) SELECT turn, 'bridge', ip FROM old_queue;
DROP TABLE old_queue;
CREATE TRIGGER addresses_returned AFTER DELETE ON addresses
WHEN OLD.ip < (SELECT next FROM address_cursor WHERE network = OLD.network) BEGIN
  INSERT OR IGNORE INTO address_queue (network, ip) VALUES (OLD.network, OLD.ip);
END;
CREATE TABLE ports (                 -- of the host, published by containers that run
  proto TEXT NOT NULL,               -- tcp | udp | sctp
  port INTEGER NOT NULL,
  host_ip TEXT NOT NULL,             -- '0.0.0.0' and '::': any
  container_id TEXT NOT NULL,
  container_port INTEGER NOT NULL,
  PRIMARY KEY (proto, port, host_ip)
) WITHOUT ROWID;
CREATE INDEX ports_container ON ports(container_id);
`,
  `
CREATE TABLE layers (
  chain_id TEXT PRIMARY KEY,         -- hex digits, see the OCI image specification
  state TEXT NOT NULL,               -- creating | ready | removing
  owner TEXT NOT NULL,               -- process at work on it
  parent TEXT NOT NULL,              -- chain id of the layers below it, '' for none
  diff_id TEXT NOT NULL,
  blob TEXT NOT NULL,                -- hex digits of the compressed layer's digest
  bytes INTEGER NOT NULL DEFAULT 0   -- of file content
) WITHOUT ROWID;
CREATE INDEX layers_unfinished ON layers(state) WHERE state <> 'ready';
CREATE INDEX layers_parent ON layers(parent);
CREATE INDEX layers_blob ON layers(blob);
CREATE TABLE layer_claims (          -- of pulls that are not finished
  claim TEXT NOT NULL,
  chain_id TEXT NOT NULL,
  owner TEXT NOT NULL,
  PRIMARY KEY (chain_id, claim)
) WITHOUT ROWID;
CREATE TABLE blobs (
  hex TEXT PRIMARY KEY,              -- sha256
  state TEXT NOT NULL,               -- partial | ready
  owner TEXT NOT NULL,               -- process that downloads it
  size INTEGER NOT NULL,
  media_type TEXT NOT NULL
) WITHOUT ROWID;
ALTER TABLE images ADD COLUMN chain TEXT NOT NULL DEFAULT '';       -- chain id of its layers, '' where it has none
ALTER TABLE images ADD COLUMN raw_config TEXT NOT NULL DEFAULT '';  -- byte for byte, of an image from elsewhere
ALTER TABLE images ADD COLUMN manifest TEXT NOT NULL DEFAULT '';    -- byte for byte, as it was pulled or pushed
CREATE INDEX images_chain ON images(chain) WHERE chain <> '';
CREATE TABLE repo_digests (
  name TEXT NOT NULL,                -- repository@digest
  image TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE,
  PRIMARY KEY (image, name)
) WITHOUT ROWID;
CREATE INDEX repo_digests_name ON repo_digests(name);
`,
  `
ALTER TABLE containers ADD COLUMN stopped INTEGER NOT NULL DEFAULT 0;  -- by the user, as the restart policy understands it
`,
  `
ALTER TABLE images ADD COLUMN received TEXT NOT NULL DEFAULT '';  -- its configuration byte for byte, if it came as a snapshot: its tree is the sender's word
`,
  `
CREATE TABLE outbox (                -- events of changes that are committed, until they are in the journal
  id INTEGER PRIMARY KEY,
  owner TEXT NOT NULL,               -- process that appends it
  line TEXT NOT NULL                 -- byte for byte as it is in the journal
);
`,
  `
DROP INDEX containers_active;        -- without the owner every look at what runs read all of its rows
CREATE INDEX containers_active ON containers(state, owner) WHERE state NOT IN ('created', 'exited');
`,
  `
DROP INDEX containers_active;        -- with all that a list shows: their rows are far apart, a page each
CREATE INDEX containers_active ON containers(state, owner, name, image, image_name, created, spec, pid, started, finished, exit_code)
  WHERE state NOT IN ('created', 'exited');
`,
];
