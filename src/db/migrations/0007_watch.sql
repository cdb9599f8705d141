CREATE TABLE `upload_watch` (
	`destination_id` integer PRIMARY KEY NOT NULL,
	`pid` integer NOT NULL,
	`folder` text NOT NULL,
	`mode` text NOT NULL,
	`reason` text,
	`since_ms` integer NOT NULL,
	FOREIGN KEY (`destination_id`) REFERENCES `destination`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
