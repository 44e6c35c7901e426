"""What is kept: tables, migrations, cross-references."""
