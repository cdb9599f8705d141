CREATE TABLE `fleet_board` (
	`id` integer PRIMARY KEY NOT NULL,
	`url` text NOT NULL,
	`followed` integer DEFAULT 0 NOT NULL,
	`told_ms` integer,
	`lost_ms` integer,
	`reason` text,
	`overview` text
) STRICT;

CREATE UNIQUE INDEX `fleet_board_url_unique` ON `fleet_board` (`url`);
CREATE TABLE `fleet_node` (
	`id` integer PRIMARY KEY NOT NULL,
	`board_id` integer NOT NULL,
	`name` text NOT NULL,
	`taken_ms` integer NOT NULL,
	`about` text NOT NULL,
	FOREIGN KEY (`board_id`) REFERENCES `fleet_board`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;

CREATE UNIQUE INDEX `fleet_node_name` ON `fleet_node` (`board_id`,`name`);
CREATE TABLE `fleet_rollup` (
	`node_id` integer NOT NULL,
	`start_ms` integer NOT NULL,
	`summary` blob NOT NULL,
	`cells` blob NOT NULL,
	PRIMARY KEY(`node_id`, `start_ms`),
	FOREIGN KEY (`node_id`) REFERENCES `fleet_node`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
