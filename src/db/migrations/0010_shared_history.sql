CREATE TABLE `upload_retraction` (
	`destination_id` integer NOT NULL,
	`checksum` text NOT NULL,
	PRIMARY KEY(`destination_id`, `checksum`),
	FOREIGN KEY (`destination_id`) REFERENCES `destination`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;

CREATE TABLE `upload_share` (
	`destination_id` integer PRIMARY KEY NOT NULL,
	`address` text NOT NULL,
	`epoch` text,
	`published_run_id` integer,
	`state` text NOT NULL,
	`reason` text,
	`pid` integer NOT NULL,
	`since_ms` integer NOT NULL,
	FOREIGN KEY (`destination_id`) REFERENCES `destination`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
