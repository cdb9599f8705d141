CREATE TABLE `hashed_folder` (
	`id` integer PRIMARY KEY NOT NULL,
	`path` text NOT NULL,
	`seen_at_ms` integer NOT NULL
) STRICT;

CREATE UNIQUE INDEX `hashed_folder_path_unique` ON `hashed_folder` (`path`);

-- The old rows hold neither ctime nor device, without which they prove nothing: each file is hashed once more, and what
-- is uploaded stays known by its content.
DROP TABLE `hashed_file`;

-- By folder: a run asks for a folder's files one after the other.
CREATE TABLE `hashed_file` (
	`folder_id` integer NOT NULL,
	`name` text NOT NULL,
	`size_bytes` integer NOT NULL,
	`mtime_us` any NOT NULL,
	`ctime_us` any NOT NULL,
	`inode` any NOT NULL,
	`device` any NOT NULL,
	`checksum` blob NOT NULL,
	`done_epoch` integer,
	PRIMARY KEY(`folder_id`, `name`),
	FOREIGN KEY (`folder_id`) REFERENCES `hashed_folder`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT, WITHOUT ROWID;

ALTER TABLE `destination` ADD `done_generation` integer DEFAULT 0 NOT NULL;

-- Whatever takes a content out of `done`, by whatever program, voids what the checksum cache says of `done`.
CREATE TRIGGER `content_no_longer_done` AFTER UPDATE OF `state` ON `content`
WHEN OLD.`state` = 'done' AND NEW.`state` <> 'done' BEGIN
	UPDATE `destination` SET `done_generation` = `done_generation` + 1 WHERE `id` = OLD.`destination_id`;
END;

CREATE TRIGGER `content_forgotten` AFTER DELETE ON `content` WHEN OLD.`state` = 'done' BEGIN
	UPDATE `destination` SET `done_generation` = `done_generation` + 1 WHERE `id` = OLD.`destination_id`;
END;
