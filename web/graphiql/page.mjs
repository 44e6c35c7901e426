// The page itself: it names the bundle's script and stylesheet, and holds no script or style of its own.
export const page = ({ script, stylesheet }) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Colonnade: GraphiQL</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="graphiql/${stylesheet}">
<script type="module" src="graphiql/${script}"></script>
</head>
<body>
<div id="graphiql"></div>
<noscript>GraphiQL is a program of the browser's and needs JavaScript. Without it, POST queries to graphql.</noscript>
</body>
</html>
`;
