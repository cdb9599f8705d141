CREATE TABLE `time_nts` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`server` text NOT NULL,
	`trust` text NOT NULL,
	`ntp_host` text NOT NULL,
	`ntp_port` integer NOT NULL,
	`address` text,
	`aead` integer NOT NULL,
	`c2s` blob NOT NULL,
	`s2c` blob NOT NULL,
	`not_before_ms` integer NOT NULL,
	`not_after_ms` integer NOT NULL
) STRICT;

CREATE UNIQUE INDEX `time_nts_server_unique` ON `time_nts` (`server`);
CREATE TABLE `time_nts_cookies` (
	`id` integer PRIMARY KEY NOT NULL,
	`association` integer NOT NULL,
	`cookie` blob NOT NULL,
	FOREIGN KEY (`association`) REFERENCES `time_nts`(`id`) ON UPDATE no action ON DELETE cascade
) STRICT;

CREATE INDEX `time_nts_cookies_by_association` ON `time_nts_cookies` (`association`);
