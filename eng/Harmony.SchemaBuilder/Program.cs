using Harmony.SchemaBuilder;

// harmony's catalogue of Kubernetes types: <annotations.json> <models.xml> <catalogue out> <descriptions out>
if (args is not [var annotationsPath, var documentationPath, var catalogPath, var descriptionsPath])
{
    Console.Error.WriteLine("usage: Harmony.SchemaBuilder ANNOTATIONS MODELS-XML CATALOGUE-OUT DESCRIPTIONS-OUT");
    return 2;
}

try
{
    var annotations = Annotations.Read(File.ReadAllText(annotationsPath));
    var names = TypeNames.OfModels();
    var catalog = new CatalogWriter(names, annotations);
    Output.Write(catalogPath, catalog.Write());
    Output.Write(descriptionsPath, Descriptions.Write(documentationPath, names));
    foreach (var unused in annotations.Unused())
    {
        Console.Error.WriteLine($"{annotationsPath}: error HS0001: {unused} names nothing in the models");
    }

    return annotations.Unused().Any() ? 1 : 0;
}
catch (FormatException e)
{
    Console.Error.WriteLine($"{annotationsPath}: error HS0002: {e.Message}");
    return 1;
}
