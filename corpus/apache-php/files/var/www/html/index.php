<!DOCTYPE html>
<html><head><title>Guest book</title><link rel="stylesheet" href="style.css"></head>
<body><h1>Guest book</h1>
<?php
$db = new PDO('sqlite:/var/lib/guestbook/book.db');
$db->setAttribute(PDO::ATTR_TIMEOUT, 10);
$db->exec('PRAGMA journal_mode=WAL');
$db->exec('CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY, author TEXT, words TEXT)');
foreach ($db->query('SELECT author, words FROM entry ORDER BY id DESC LIMIT 10') as $row) {
	echo '<p><b>', htmlspecialchars($row['author']), '</b> ', htmlspecialchars($row['words']), "</p>\n";
}
?>
</body></html>
